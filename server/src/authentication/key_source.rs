use std::{convert::Infallible, fmt, fs::File, io::Read, path::PathBuf, str::FromStr, time::Duration};

use anyhow::{Context, bail, ensure};
use ureq::{
    Agent,
    tls::{RootCerts, TlsConfig},
};
use url::{Host, Url};

/// Where a JSON Web Key Set is.
#[derive(Clone)]
pub(crate) enum KeySource {
    /// A file.
    File(PathBuf),
    /// What answers a GET.
    Url(Url),
}

/// Reads a key set, within limits.
pub(super) struct KeyReader {
    source: KeySource,
    agent: Agent,
    limit: u64,
}

impl FromStr for KeySource {
    // What is wrong with a URL is told by `check`, without the secrets that it may have.
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match Url::parse(text) {
            Ok(url) if text.contains("://") => Self::Url(url),
            _ => Self::File(text.into()),
        })
    }
}

impl KeySource {
    /// Refuses a URL over which others could say which keys are good.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let Self::Url(url) = self else { return Ok(()) };
        let is_this_machine = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        match url.scheme() {
            "https" => {}
            "http" if is_this_machine => {}
            "http" => bail!("{self} must be https: whoever is on the way could say which keys are good"),
            _ => bail!("{self} must be a file, or an https URL"),
        }
        Ok(())
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            // What is left out may hold a password.
            Self::Url(url) => {
                write!(f, "{}://{}", url.scheme(), url.host_str().unwrap_or_default())?;
                if let Some(port) = url.port() {
                    write!(f, ":{port}")?;
                }
                f.write_str(url.path())
            }
        }
    }
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl KeyReader {
    pub(super) fn new(source: KeySource, timeout: Duration, limit: usize) -> Self {
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let agent = Agent::config_builder()
            .timeout_global(Some(timeout))
            // Whoever is redirected to has not been named by a setting.
            .max_redirects(0)
            .tls_config(tls)
            .max_idle_connections(0)
            .build()
            .new_agent();
        Self { source, agent, limit: u64::try_from(limit).unwrap_or(u64::MAX) }
    }

    pub(super) fn source(&self) -> &KeySource {
        &self.source
    }

    /// Reads it. Blocks for as long as the timeout at most.
    pub(super) fn read(&self) -> anyhow::Result<Vec<u8>> {
        match &self.source {
            KeySource::File(path) => {
                let mut json = Vec::new();
                File::open(path)?.take(self.limit.saturating_add(1)).read_to_end(&mut json)?;
                let length = u64::try_from(json.len()).unwrap_or(u64::MAX);
                ensure!(length <= self.limit, "it has more than {} bytes (ORDERCAST_JWKS_LIMIT)", self.limit);
                Ok(json)
            }
            KeySource::Url(url) => {
                let mut answer = self.agent.get(url.as_str()).header("Accept", "application/json").call()?;
                ensure!(answer.status() == 200, "it is answered with {}", answer.status());
                let body = answer.body_mut().with_config().limit(self.limit).read_to_vec();
                body.context("its body cannot be read")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_from_a_file_or_from_somebody_who_can_be_trusted() {
        for (text, is_taken) in [
            ("keys.json", true),
            ("/etc/ordercast/keys.json", true),
            ("https://login.example/keys", true),
            ("http://127.0.0.1:8080/keys", true),
            ("http://[::1]/keys", true),
            ("http://localhost/keys", true),
            ("http://login.example/keys", false),
            ("http://localhost.evil.example/keys", false),
            ("http://127.0.0.1.evil.example/keys", false),
            ("ftp://login.example/keys", false),
            ("file:///etc/ordercast/keys.json", false),
        ] {
            let source: KeySource = text.parse().expect("any text");
            assert_eq!(source.check().is_ok(), is_taken, "{text}: {source:?}");
        }
    }

    #[test]
    fn a_password_in_a_url_is_not_shown() {
        let source: KeySource =
            "http://shop:hunter2@login.example:1/keys?key=hunter2".parse().expect("any text");
        let error = source.check().expect_err("refused");
        assert_eq!(format!("{source:?}"), "http://login.example:1/keys");
        assert!(!format!("{error:#}").contains("hunter2"), "{error:#}");
    }
}
