use std::{net::SocketAddr, str::FromStr};

use actix_cors::Cors;
use url::{Host, Url};

use crate::settings::is_loopback;

/// The origin of a web page (RFC 6454, section 4): scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin(url::Origin);

/// Which web pages may use the API. Requests without an origin do not come from web pages.
#[derive(Clone, Debug)]
pub(crate) enum AllowedOrigins {
    /// Those of this machine, on any port.
    Loopback,
    /// Those that a setting lists.
    Listed(Vec<Origin>),
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = || format!("`{text}` is not an origin such as https://shop.example");
        let url = Url::parse(text).map_err(|_| refused())?;
        let origin = url.origin();
        let is_whole = origin.is_tuple() && origin.ascii_serialization() == text.trim_end_matches('/');
        if is_whole { Ok(Self(origin)) } else { Err(refused()) }
    }
}

impl AllowedOrigins {
    /// The listed ones; without a list, those of this machine if the server is reached only from it.
    pub(crate) fn new(listed: &[Origin], addr: SocketAddr) -> Self {
        if listed.is_empty() && is_loopback(addr.ip()) {
            Self::Loopback
        } else {
            Self::Listed(listed.to_vec())
        }
    }

    /// Whether pages of this origin, as the header `Origin` has it, may use the API.
    pub(crate) fn allows(&self, origin: &[u8]) -> bool {
        let Some(origin) = std::str::from_utf8(origin).ok().and_then(|text| text.parse::<Origin>().ok())
        else {
            return false;
        };
        match self {
            Self::Listed(origins) => origins.contains(&origin),
            Self::Loopback => match &origin.0 {
                url::Origin::Tuple(_, Host::Domain(name), _) => name == "localhost",
                url::Origin::Tuple(_, Host::Ipv4(address), _) => address.is_loopback(),
                url::Origin::Tuple(_, Host::Ipv6(address), _) => address.is_loopback(),
                url::Origin::Opaque(_) => false,
            },
        }
    }

    /// Answers preflights, and lets browsers hand answers to allowed pages.
    pub(crate) fn cors(&self) -> Cors {
        let allowed = self.clone();
        Cors::default()
            .allowed_origin_fn(move |origin, _| allowed.allows(origin.as_bytes()))
            .allowed_methods(["GET", "POST", "PUT", "DELETE"])
            .allow_any_header()
            .max_age(3600)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(listed: &str, addr: &str) -> AllowedOrigins {
        let listed: Vec<_> =
            listed.split(',').filter(|text| !text.is_empty()).map(|text| text.parse().expect(text)).collect();
        AllowedOrigins::new(&listed, addr.parse().expect("an address"))
    }

    #[test]
    fn pages_of_this_machine_may_use_a_server_on_a_loopback_address() {
        let allowed = allowed("", "127.0.0.1:8000");
        for origin in ["http://localhost:3000", "http://127.0.0.1", "https://[::1]:8443"] {
            assert!(allowed.allows(origin.as_bytes()), "{origin}");
        }
        for origin in [
            "http://localhost.evil.example",
            "http://evil.example:8000",
            "null",
            "",
            "file://",
            "http://a@localhost",
        ] {
            assert!(!allowed.allows(origin.as_bytes()), "{origin}");
        }
    }

    #[test]
    fn no_page_may_use_a_server_on_another_address_unless_it_is_listed() {
        assert!(!allowed("", "10.0.0.1:80").allows(b"http://localhost"));
        let listed = allowed("https://shop.example,http://localhost:3000", "10.0.0.1:80");
        assert!(listed.allows(b"https://shop.example"));
        assert!(listed.allows(b"http://localhost:3000"));
        for origin in ["http://shop.example", "https://shop.example:444", "https://a.shop.example"] {
            assert!(!listed.allows(origin.as_bytes()), "{origin}");
        }
    }

    #[test]
    fn a_list_replaces_the_pages_of_this_machine() {
        assert!(!allowed("https://shop.example", "127.0.0.1:8000").allows(b"http://localhost:3000"));
    }

    #[test]
    fn more_or_less_than_an_origin_is_refused() {
        for text in ["shop.example", "https://shop.example/cart", "*", "null", "https://a@shop.example"] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }
}
