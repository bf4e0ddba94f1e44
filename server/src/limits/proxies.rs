use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use actix_web::http::header::HeaderMap;
use ipnet::IpNet;

/// Where proxies are whose word is taken for who their client is: an address, or a network such as `10.0.0.0/8`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProxyNetwork(IpNet);

/// The proxies in front of the server. Nobody else is believed.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrustedProxies(Vec<ProxyNetwork>);

/// The header by which proxies tell their client, each behind what the one before it told.
const FORWARDED_FOR: &str = "X-Forwarded-For";

/// Headers that proxies add.
const FORWARDING: [&str; 5] = ["Forwarded", FORWARDED_FOR, "X-Forwarded-Host", "X-Real-IP", "Via"];

impl FromStr for ProxyNetwork {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map(Self).map_err(|_| {
            format!("`{text}` is neither an address nor a network such as 10.0.0.1 or 10.0.0.0/8")
        })
    }
}

impl TrustedProxies {
    pub(crate) fn new(networks: &[ProxyNetwork]) -> Self {
        Self(networks.to_vec())
    }

    /// Whether one of them is at this address.
    pub(crate) fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|ProxyNetwork(network)| network.contains(&address))
    }

    /// Who sent a request that one of them passed on: the right-most address in `X-Forwarded-For` that is none of theirs,
    /// because what is left of it is what that client said itself. The proxy, where it tells none.
    pub(crate) fn client(&self, proxy: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut nearest = proxy;
        let lines: Vec<_> = headers.get_all(FORWARDED_FOR).collect();
        for line in lines.into_iter().rev() {
            let Ok(line) = line.to_str() else { return nearest };
            for hop in line.rsplit(',') {
                let Some(address) = address(hop.trim()) else { return nearest };
                nearest = address;
                if !self.contain(address) {
                    return address;
                }
            }
        }
        nearest
    }
}

/// Whether a request came through a proxy, as far as its headers tell.
pub(crate) fn was_forwarded(headers: &HeaderMap) -> bool {
    FORWARDING.iter().any(|name| headers.contains_key(*name))
}

/// An address, which some proxies write with a port.
fn address(text: &str) -> Option<IpAddr> {
    let address = text.parse().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn client(lines: &[&str]) -> String {
        let networks = ["127.0.0.1", "10.0.0.0/8", "fd00::/8"].map(|text| text.parse().expect("a network"));
        let mut headers = HeaderMap::new();
        for line in lines {
            let name = HeaderName::from_bytes(FORWARDED_FOR.as_bytes()).expect("a name");
            headers.append(name, HeaderValue::from_str(line).expect("a value"));
        }
        let proxy = "127.0.0.1".parse().expect("an address");
        TrustedProxies::new(&networks).client(proxy, &headers).to_string()
    }

    #[test]
    fn the_client_is_the_right_most_address_that_is_no_proxy() {
        for (lines, expected) in [
            (&[][..], "127.0.0.1"),
            (&["192.0.2.1"], "192.0.2.1"),
            (&["198.51.100.7, 192.0.2.1"], "192.0.2.1"),
            (&["198.51.100.7, 192.0.2.1, 10.1.2.3"], "192.0.2.1"),
            (&["198.51.100.7", "192.0.2.1", "10.1.2.3,10.9.9.9"], "192.0.2.1"),
            (&["192.0.2.1:1234"], "192.0.2.1"),
            (&["[2001:db8::1]:80"], "2001:db8::1"),
            (&["2001:db8::1, fd00::2"], "2001:db8::1"),
            (&["::ffff:192.0.2.1"], "192.0.2.1"),
            (&["10.1.2.3, 10.1.2.4"], "10.1.2.3"),
        ] {
            assert_eq!(client(lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn what_is_no_address_is_not_looked_behind() {
        for (lines, expected) in [
            (&["unknown"][..], "127.0.0.1"),
            (&[""], "127.0.0.1"),
            (&["192.0.2.1,"], "127.0.0.1"),
            (&["192.0.2.1, nonsense, 10.1.2.3"], "10.1.2.3"),
            (&["192.0.2.1, caf\u{e9}"], "127.0.0.1"),
        ] {
            assert_eq!(client(lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn without_proxies_nobody_is_one() {
        assert!(!TrustedProxies::default().contain("127.0.0.1".parse().expect("an address")));
        for text in ["", "localhost", "10.0.0.0/33", "*"] {
            assert!(text.parse::<ProxyNetwork>().is_err(), "{text}");
        }
    }
}
