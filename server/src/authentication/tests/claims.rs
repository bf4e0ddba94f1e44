//! What a token has to say.

use domain::{Username, Viewer};
use jsonwebtoken::get_current_timestamp;
use serde_json::json;

use super::{claims, claims_with, customer, secret, settings, start, viewer};
use crate::authentication::{AuthenticationSettings, TokenError, testing::encode};

#[test]
fn roles_make_staff() {
    let authenticator = start(&settings());
    let staff = Viewer::Staff { username: Username::parse("caty88").ok() };
    for (roles, expected) in [
        (json!(null), Ok(customer())),
        (json!([]), Ok(customer())),
        (json!(["customer", "Staff", "admin"]), Ok(customer())),
        (json!(["staff"]), Ok(staff.clone())),
        (json!(["a", "staff"]), Ok(staff)),
        (json!("staff"), Err(TokenError::NoRoles)),
        (json!({ "staff": true }), Err(TokenError::NoRoles)),
        (json!(["staff", 1]), Err(TokenError::NoRoles)),
        (json!(true), Err(TokenError::NoRoles)),
    ] {
        let token = secret().token(&claims_with(&json!({ "roles": roles })));
        assert_eq!(viewer(&authenticator, &token), expected, "{roles}");
    }
}

#[test]
fn claims_that_do_not_hold_are_named() {
    let authenticator = start(&settings());
    let now = get_current_timestamp();
    for (changes, error) in [
        (json!({ "exp": now - 60 }), TokenError::Expired),
        (json!({ "exp": 0 }), TokenError::Expired),
        (json!({ "exp": null }), TokenError::NoClaim("exp")),
        (json!({ "exp": (now + 60).to_string() }), TokenError::NoClaim("exp")),
        (json!({ "exp": -1 }), TokenError::NoClaim("exp")),
        (json!({ "exp": 1e300 }), TokenError::NoClaim("exp")),
        (json!({ "nbf": now + 60 }), TokenError::NotYetValid),
        (json!({ "nbf": "now" }), TokenError::NoClaim("nbf")),
        (json!({ "aud": "shop" }), TokenError::WrongAudience),
        (json!({ "sub": null }), TokenError::NoClaim("sub")),
        (json!({ "sub": 88 }), TokenError::NoClaim("sub")),
        (json!({ "sub": ["caty88"] }), TokenError::Malformed),
        (json!({ "sub": "" }), TokenError::NoUsername),
        (json!({ "sub": "caty 88" }), TokenError::NoUsername),
        (json!({ "sub": "x".repeat(65) }), TokenError::NoUsername),
        (json!({ "sub": "caty88\u{0}" }), TokenError::NoUsername),
    ] {
        assert_eq!(viewer(&authenticator, &secret().token(&claims_with(&changes))), Err(error), "{changes}");
    }
    for changes in [
        json!({ "exp": now - 1 }),
        json!({ "exp": u64::MAX }),
        json!({ "exp": now.to_string().parse::<f64>().expect("a number") + 60.5 }),
        json!({ "nbf": now + 1 }),
        json!({ "iat": now + 3600, "jti": "1", "iss": "anyone" }),
    ] {
        assert_eq!(
            viewer(&authenticator, &secret().token(&claims_with(&changes))),
            Ok(customer()),
            "{changes}"
        );
    }
}

#[test]
fn issuer_and_audience_are_what_the_settings_say() {
    let authenticator = start(&AuthenticationSettings {
        issuer: Some("https://login.example".to_owned()),
        audience: Some("ordercast".to_owned()),
        ..settings()
    });
    let good = json!({ "iss": "https://login.example", "aud": "ordercast" });
    for (changes, expected) in [
        (json!({}), Ok(customer())),
        (json!({ "aud": ["shop", "ordercast"] }), Ok(customer())),
        (json!({ "iss": null }), Err(TokenError::NoClaim("iss"))),
        (json!({ "iss": "https://login.example/" }), Err(TokenError::WrongIssuer)),
        (json!({ "aud": null }), Err(TokenError::NoClaim("aud"))),
        (json!({ "aud": "Ordercast" }), Err(TokenError::WrongAudience)),
        (json!({ "aud": [] }), Err(TokenError::WrongAudience)),
        (json!({ "aud": ["shop"] }), Err(TokenError::WrongAudience)),
        (json!({ "aud": 1 }), Err(TokenError::NoClaim("aud"))),
    ] {
        let mut all = good.clone();
        all.as_object_mut().expect("an object").extend(changes.as_object().expect("an object").clone());
        assert_eq!(viewer(&authenticator, &secret().token(&claims_with(&all))), expected, "{changes}");
    }
}

#[test]
fn what_is_no_token_is_refused() {
    let authenticator = start(&settings());
    let good = secret().token(&claims());
    let (header, rest) = good.split_once('.').expect("parts");
    let critical = json!({ "alg": "HS256", "crit": ["b64"], "b64": false });
    for (token, error) in [
        (String::new(), TokenError::Malformed),
        ("nonsense".to_owned(), TokenError::Malformed),
        ("a.b.c".to_owned(), TokenError::Malformed),
        ("..".to_owned(), TokenError::Malformed),
        (header.to_owned(), TokenError::Malformed),
        (format!("{good}.{good}"), TokenError::Malformed),
        (format!("{header}=.{rest}"), TokenError::Malformed),
        (format!("{good}="), TokenError::Malformed),
        // No bytes have an encoding of that length.
        (good[..good.len() - 2].to_owned(), TokenError::Malformed),
        (secret().sign(&critical, &claims()), TokenError::Malformed),
        (secret().sign_parts(header, &encode("[]")), TokenError::Malformed),
        (secret().sign_parts(header, &encode("\"caty88\"")), TokenError::Malformed),
        (secret().sign_parts(header, &encode("[".repeat(5000))), TokenError::Malformed),
        (
            secret().sign_parts(header, &encode(r#"{"sub":"joe","sub":"caty88","exp":9999999999}"#)),
            TokenError::Malformed,
        ),
        (secret().sign_parts(header, "\u{f6}"), TokenError::Malformed),
        ("x".repeat(8193), TokenError::TooLong),
        (format!("{header}.{}", "y".repeat(100 * 1024)), TokenError::TooLong),
    ] {
        assert_eq!(viewer(&authenticator, &token), Err(error), "{token}");
    }
    assert_eq!(viewer(&authenticator, &good), Ok(customer()));
}
