//! What is taken as a username, an e-mail address or an idempotency key, and what is refused.

use domain::{Email, IdempotencyKey, Refusal, Username};
use proptest::prelude::*;

#[test]
fn a_username_is_ascii_letters_digits_and_three_signs() {
    let longest = "a".repeat(64);
    for text in ["c", "caty88", "CATY88", "0", "_", "-", ".", "caty.of_dev-io", &longest] {
        let username = Username::parse(text);
        assert_eq!(username.as_ref().map(Username::as_str), Ok(text));
        assert_eq!(username.map(|name| name.to_string()), Ok(text.to_owned()));
    }
}

#[test]
fn other_text_is_refused_as_a_username() {
    let too_long = "a".repeat(65);
    let bad = [
        "",
        " ",
        "caty 88",
        " caty88",
        "caty88\n",
        "caty\0",
        "käty",
        "c\u{430}ty",
        "caty@dev",
        "a/b",
        "%",
        &too_long,
    ];
    for text in bad {
        assert_eq!(Username::parse(text), Err(Refusal::InvalidUsername), "{text:?}");
    }
}

#[test]
fn usernames_that_differ_in_case_are_two() {
    assert_ne!(Username::parse("caty88"), Username::parse("Caty88"));
}

#[test]
fn an_address_has_a_local_part_and_a_domain() {
    let longest_local_part = format!("{}@dev.io", "a".repeat(64));
    let good = [
        "caty@dev.io",
        "CATY@DEV.IO",
        "caty.of.88@mail.dev.io",
        "caty+orders@dev.io",
        "o'hara@dev.io",
        "\"caty of\"@dev.io",
        "\"caty@home\"@dev.io",
        "käty@dev.io",
        "caty@localhost",
        &longest_local_part,
    ];
    for text in good {
        assert_eq!(Email::parse(text).as_ref().map(Email::as_str), Ok(text));
    }
}

#[test]
fn other_text_is_refused_as_an_address() {
    let (long_local_part, long_label) =
        (format!("{}@dev.io", "a".repeat(65)), format!("a@{}", "b".repeat(64)));
    let bad = [
        "",
        "@",
        "caty",
        "caty@",
        "@dev.io",
        "caty@@dev.io",
        "caty@home@dev.io",
        "caty of@dev.io",
        " caty@dev.io",
        "caty@dev.io ",
        "caty@dev.io\r\nbcc: joe@dev.io",
        "caty\0@dev.io",
        ".caty@dev.io",
        "caty.@dev.io",
        "ca..ty@dev.io",
        "\"\"@dev.io",
        "caty@.io",
        "caty@dev.io.",
        "caty@-dev.io",
        "caty@dev-.io",
        "caty@[127.0.0.1]",
        "<caty@dev.io>",
        "Caty <caty@dev.io>",
        "mailto:caty@dev.io",
        &long_local_part,
        &long_label,
    ];
    for text in bad {
        assert_eq!(Email::parse(text), Err(Refusal::InvalidEmail), "{text:?}");
    }
}

#[test]
fn an_address_with_brackets_or_control_characters_is_refused() {
    for text in [" <caty@dev.io>", "\r\n <caty@dev.io>\r\n", "\t <caty@dev.io>", "\"caty\tof\"@dev.io"] {
        assert_eq!(Email::parse(text), Err(Refusal::InvalidEmail), "{text:?}");
    }
}

#[test]
fn an_address_is_not_shown_where_it_is_debugged() {
    let email = Email::parse("caty@dev.io").expect("a valid address");
    assert_eq!(format!("{email:?}"), "Email(..)");
}

#[test]
fn an_idempotency_key_is_up_to_255_characters_of_any_script() {
    let (longest, longest_in_bytes) = ("k".repeat(255), "鍵".repeat(255));
    for text in ["k", " ", "8d3f0c5e-1b7a", "order of käty", "🔑", &longest, &longest_in_bytes] {
        let key = IdempotencyKey::parse(text);
        assert_eq!(key.as_ref().map(IdempotencyKey::as_str), Ok(text));
    }
}

#[test]
fn other_text_is_refused_as_an_idempotency_key() {
    let (too_long, long_in_both) = ("k".repeat(256), "鍵".repeat(256));
    for text in ["", "\0", "a\nb", "a\tb", "\u{7f}", "\u{85}", &too_long, &long_in_both] {
        assert_eq!(IdempotencyKey::parse(text), Err(Refusal::InvalidIdempotencyKey), "{text:?}");
    }
}

#[test]
fn idempotency_keys_that_differ_in_case_are_two() {
    assert_ne!(IdempotencyKey::parse("key"), IdempotencyKey::parse("KEY"));
}

/// Wholly random text is hardly ever valid, so some of it is made of what the rules speak of.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[a-zA-Z0-9_.-]{0,70}", "[ab0_.@<>\" é\n\u{85}-]{0,8}", "[ -~é鍵]{250,260}"]
}

proptest! {
    #[test]
    fn a_username_is_kept_as_written(text in "[A-Za-z0-9_.-]{1,64}") {
        let username = Username::parse(&text);
        prop_assert_eq!(username.as_ref().map(Username::as_str), Ok(text.as_str()));
        let again = username.as_ref().map(|name| Username::parse(name.as_str()));
        prop_assert_eq!(again, Ok(username.clone()));
    }

    #[test]
    fn any_text_is_a_username_or_refused(text in any_text()) {
        let characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";
        let valid = !text.is_empty() && text.chars().count() <= 64 && text.chars().all(|c| characters.contains(c));
        match Username::parse(&text) {
            Ok(username) => prop_assert!(valid && username.as_str() == text, "took {text:?} as {username}"),
            Err(refusal) => prop_assert!(!valid && refusal == Refusal::InvalidUsername, "refused {text:?}"),
        }
    }

    #[test]
    fn an_everyday_address_is_kept_as_written(
        text in "[a-zA-Z0-9+_-]{1,20}(\\.[a-zA-Z0-9]{1,20})?@[a-z0-9]{1,20}(\\.[a-z]{2,10}){0,3}",
    ) {
        let email = Email::parse(&text);
        prop_assert_eq!(email.as_ref().map(Email::as_str), Ok(text.as_str()));
    }

    #[test]
    fn any_text_is_an_address_with_two_parts_or_refused(text in any_text()) {
        match Email::parse(&text) {
            Ok(email) => {
                prop_assert_eq!(email.as_str(), &text);
                let parts = text.rsplit_once('@');
                prop_assert!(parts.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty()));
            }
            Err(refusal) => prop_assert_eq!(refusal, Refusal::InvalidEmail),
        }
    }

    #[test]
    fn text_without_an_at_sign_is_no_address(text in "[^@]{0,40}") {
        prop_assert_eq!(Email::parse(&text), Err(Refusal::InvalidEmail));
    }

    #[test]
    fn any_text_is_an_idempotency_key_or_refused(text in any_text()) {
        let valid = (1..256).contains(&text.chars().count()) && !text.contains(char::is_control);
        match IdempotencyKey::parse(text.as_str()) {
            Ok(key) => prop_assert!(valid && key.as_str() == text, "took {text:?} as {key:?}"),
            Err(refusal) => {
                prop_assert!(!valid && refusal == Refusal::InvalidIdempotencyKey, "refused {text:?}");
            }
        }
    }
}
