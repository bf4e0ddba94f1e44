use std::net::IpAddr;

/// Whose connections and operations are counted together: an IPv4 address, or the first 64 bits of an IPv6 address, because
/// a single host is given that many of them (RFC 6177). An IPv4 address that is written as an IPv6 one is the former.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ClientNetwork {
    V4([u8; 4]),
    V6([u8; 8]),
}

impl From<IpAddr> for ClientNetwork {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.octets()),
            IpAddr::V6(address) => {
                let mut prefix = [0; 8];
                prefix.copy_from_slice(&address.octets()[..8]);
                Self::V6(prefix)
            }
        }
    }
}

/// Who sent something: what counts as one client, and the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client {
    pub(crate) network: ClientNetwork,
    pub(crate) connection: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(address: &str) -> ClientNetwork {
        address.parse::<IpAddr>().expect("an address").into()
    }

    #[test]
    fn addresses_that_one_host_may_have_are_counted_together() {
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:ffff:ffff:ffff"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_ne!(network("::1"), network("0.0.0.0"));
    }
}
