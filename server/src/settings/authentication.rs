use std::time::Duration;

use anyhow::{Context, ensure};
use clap::Args;
use domain::Username;

use super::parse_period;
use crate::authentication::{
    AuthenticationSettings, KeySource, KeySourceSettings, Role, Secret, TokenRequest,
};

/// Who clients are. Without a secret and a key set nobody is asked: everyone is staff, on a loopback address only.
#[derive(Args, Debug)]
pub(crate) struct AuthenticationArguments {
    /// The secret that tokens (JWT) of the algorithm HS256 are signed by, of at least 32 bytes. Set it as a variable:
    /// flags are seen by other users of the machine.
    #[arg(long, env = "ORDERCAST_JWT_SECRET", global = true, value_name = "SECRET", hide_env_values = true)]
    pub(crate) jwt_secret: Option<Secret>,

    /// A JSON Web Key Set, whose keys verify tokens of RS256, ES256 and EdDSA: a file, or an https URL.
    #[arg(long, env = "ORDERCAST_JWKS", global = true, value_name = "FILE_OR_URL", hide_env_values = true)]
    pub(crate) jwks: Option<KeySource>,

    /// How often the key set is read. A key that is no longer in it ends the connections of its tokens.
    #[arg(long, env = "ORDERCAST_JWKS_INTERVAL", global = true, default_value = "5m")]
    #[arg(value_parser = parse_period)]
    pub(crate) jwks_interval: Duration,

    /// How soon the key set may be read again because a token names a key that is not in it.
    #[arg(long, env = "ORDERCAST_JWKS_PAUSE", global = true, default_value = "10s")]
    #[arg(value_parser = parse_period)]
    pub(crate) jwks_pause: Duration,

    /// How long reading the key set may take.
    #[arg(long, env = "ORDERCAST_JWKS_TIMEOUT", global = true, default_value = "5s")]
    #[arg(value_parser = parse_period)]
    pub(crate) jwks_timeout: Duration,

    /// The most bytes of the key set.
    #[arg(long, env = "ORDERCAST_JWKS_LIMIT", global = true, default_value = "262144")]
    pub(crate) jwks_limit: usize,

    /// What tokens must name as their issuer (`iss`); any without it.
    #[arg(long, env = "ORDERCAST_JWT_ISSUER", global = true, value_name = "NAME")]
    pub(crate) jwt_issuer: Option<String>,

    /// What tokens must have among their audience (`aud`). Without it they must not have one.
    #[arg(long, env = "ORDERCAST_JWT_AUDIENCE", global = true, value_name = "NAME")]
    pub(crate) jwt_audience: Option<String>,

    /// How far the clock of who signs tokens may be from this one: so much longer a token is valid, in whole seconds.
    #[arg(long, env = "ORDERCAST_JWT_LEEWAY", global = true, default_value = "5s")]
    #[arg(value_parser = parse_leeway)]
    pub(crate) jwt_leeway: Duration,

    /// The most bytes of a token.
    #[arg(long, env = "ORDERCAST_JWT_LIMIT", global = true, default_value = "8192")]
    pub(crate) jwt_limit: usize,

    /// How long before its token ends a WebSocket's client is told so.
    #[arg(long, env = "ORDERCAST_JWT_WARNING", global = true, default_value = "1m")]
    #[arg(value_parser = humantime::parse_duration)]
    pub(crate) jwt_warning: Duration,
}

impl AuthenticationArguments {
    /// Whether clients are asked who they are.
    pub(crate) fn is_on(&self) -> bool {
        self.jwt_secret.is_some() || self.jwks.is_some()
    }

    /// Authentication's part, which must not be weak.
    pub(crate) fn settings(&self) -> anyhow::Result<AuthenticationSettings> {
        if let Some(secret) = &self.jwt_secret {
            ensure!(
                secret.is_strong(),
                "ORDERCAST_JWT_SECRET has {} bytes, and must have at least {} so that nobody finds it by trying; \
                 `openssl rand -base64 32` makes one",
                secret.length(),
                Secret::LEAST_BYTES
            );
        }
        if let Some(source) = &self.jwks {
            source.check().context("ORDERCAST_JWKS")?;
        }
        Ok(AuthenticationSettings {
            secret: self.jwt_secret.clone(),
            keys: self.jwks.clone().map(|source| KeySourceSettings {
                source,
                interval: self.jwks_interval,
                pause: self.jwks_pause,
                timeout: self.jwks_timeout,
                limit: self.jwks_limit,
            }),
            issuer: self.jwt_issuer.clone(),
            audience: self.jwt_audience.clone(),
            leeway: self.jwt_leeway,
            token_limit: self.jwt_limit,
            warning: self.jwt_warning,
        })
    }
}

/// The token to print.
#[derive(Args, Debug)]
pub(crate) struct TokenArguments {
    /// Whose token it is.
    #[arg(long, value_name = "USERNAME", value_parser = parse_username)]
    user: Username,

    /// What the user may do beyond a customer.
    #[arg(long)]
    role: Vec<Role>,

    /// How long the token is valid.
    #[arg(long, default_value = "1h", value_parser = parse_period)]
    expires: Duration,
}

impl TokenArguments {
    /// The token that is asked for.
    pub(crate) fn request(self) -> TokenRequest {
        TokenRequest { username: self.user, roles: self.role, expires: self.expires }
    }
}

fn parse_username(text: &str) -> Result<Username, String> {
    Username::parse(text).map_err(|refusal| refusal.to_string())
}

/// Clocks that are further apart are wrong.
fn parse_leeway(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(leeway) if leeway > Duration::from_mins(10) => Err("it must be at most 10m".to_owned()),
        Ok(leeway) if leeway.subsec_nanos() > 0 => Err("it must be whole seconds".to_owned()),
        Ok(leeway) => Ok(leeway),
        Err(error) => Err(error.to_string()),
    }
}
