use serde_json::{Value, json};

use crate::{SECRET, TokenKey, claims, now};

/// What a client sends who must not be let in.
pub struct BadToken {
    /// What is wrong.
    pub name: &'static str,
    /// The values of the header `Authorization`, of which there may be several.
    pub authorization: Vec<String>,
    /// Words of the reason that it must be told.
    pub reason: &'static str,
    /// Whether it is no token at all.
    pub is_missing: bool,
}

/// What must be turned down by a server that knows [`SECRET`] alone, wherever it comes.
pub fn bad_tokens() -> Vec<BadToken> {
    let key = TokenKey::secret(SECRET);
    let good = key.token(&claims("caty88", 3600));
    let (unsigned, _) = good.rsplit_once('.').expect("a signature");
    let (head, _) = unsigned.split_once('.').expect("a payload");
    let none = key.sign(&json!({ "alg": "none" }), &claims("caty88", 3600));
    let (none, _) = none.rsplit_once('.').expect("a signature");
    let with = |name: &str, value: Value| {
        let mut claims = claims("caty88", 3600);
        claims[name] = value;
        key.token(&claims)
    };
    let without = |name: &str| {
        let mut claims = claims("caty88", 3600);
        claims.as_object_mut().expect("an object").remove(name);
        key.token(&claims)
    };
    let staff = json!({ "sub": "caty88", "exp": now() + 3600, "roles": ["staff"] });
    let tokens = [
        ("wrong signature", TokenKey::secret(&SECRET.to_uppercase()).token(&staff), "signature"),
        ("signature of another token", format!("{unsigned}.{}", "A".repeat(43)), "signature"),
        ("no signature", format!("{unsigned}."), "signature"),
        ("alg none", format!("{none}."), "no JWT"),
        ("alg of another hash", key.sign(&json!({ "alg": "HS512" }), &staff), "algorithm"),
        ("alg of another kind of key", TokenKey::ed25519().token(&staff), "algorithm"),
        ("alg missing", key.sign(&json!({ "typ": "JWT" }), &staff), "no JWT"),
        ("alg of another type", key.sign(&json!({ "alg": ["HS256"] }), &staff), "no JWT"),
        (
            "what must be understood is not",
            key.sign(&json!({ "alg": "HS256", "crit": ["x"] }), &staff),
            "no JWT",
        ),
        ("expired", with("exp", json!(now() - 3600)), "expired"),
        ("not yet valid", with("nbf", json!(now() + 3600)), "not valid yet"),
        ("no exp", without("exp"), "`exp`"),
        ("exp of another type", with("exp", json!("tomorrow")), "`exp`"),
        ("negative exp", with("exp", json!(-1)), "`exp`"),
        ("nbf of another type", with("nbf", json!("now")), "`nbf`"),
        ("for an audience", with("aud", json!("another service")), "audience"),
        ("no sub", without("sub"), "`sub`"),
        ("sub of another type", with("sub", json!(88)), "`sub`"),
        ("sub that is no username", with("sub", json!("caty 88")), "`sub`"),
        ("sub that is empty", with("sub", json!("")), "`sub`"),
        ("sub that is very long", with("sub", json!("c".repeat(1000))), "`sub`"),
        ("sub of SQL", with("sub", json!("caty88'--")), "`sub`"),
        ("roles of another type", with("roles", json!("staff")), "`roles`"),
        ("roles that are no names", with("roles", json!([["staff"]])), "`roles`"),
        ("claims that are a list", key.token(&json!(["caty88"])), "no JWT"),
        ("garbage", "garbage".to_owned(), "no JWT"),
        ("dots", "..".to_owned(), "no JWT"),
        ("four parts", format!("{good}.x"), "no JWT"),
        ("a head alone", head.to_owned(), "no JWT"),
        ("padding", format!("{good}=="), "no JWT"),
        ("a null byte's place", good.replacen('.', "%00.", 1), "no JWT"),
        ("16 KiB", format!("{good}{}", "A".repeat(16 * 1024)), "longer"),
    ];
    let bad = |(name, token, reason)| BadToken {
        name,
        authorization: vec![format!("Bearer {token}")],
        reason,
        is_missing: false,
    };
    let no_token = |name, authorization: &str| BadToken {
        name,
        authorization: vec![authorization.to_owned()],
        reason: "`Bearer` and a token",
        is_missing: true,
    };
    let mut all: Vec<_> = tokens.into_iter().map(bad).collect();
    all.extend([
        no_token("another scheme", "Basic Y2F0eTg4OnNlY3JldA=="),
        no_token("no scheme", &good),
        no_token("a scheme alone", "Bearer"),
        no_token("two tokens", &format!("Bearer {good} {good}")),
        no_token("a comma", &format!("Bearer, {good}")),
    ]);
    all.push(BadToken {
        name: "two headers",
        authorization: vec![format!("Bearer {good}"), format!("Bearer {good}")],
        reason: "more than once",
        is_missing: false,
    });
    all
}
