use actix_web::http::header::{ACCEPT_ENCODING, HeaderMap};

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Encoding {
    /// Browsers take it from HTTPS and from this machine only.
    Brotli,
    Gzip,
    Identity,
}

impl Encoding {
    /// The smallest one that the client takes (RFC 9110, section 12.5.3). A client that says nothing gets the body as it
    /// is, which every client can read.
    pub(super) fn negotiate(headers: &HeaderMap) -> Self {
        let lines = headers.get_all(ACCEPT_ENCODING).filter_map(|value| value.to_str().ok());
        let codings: Vec<_> = lines.flat_map(|line| line.split(',')).map(parse).collect();
        let takes = |name: &str| {
            let named = codings.iter().find(|(coding, _)| coding.eq_ignore_ascii_case(name));
            named
                .or_else(|| codings.iter().find(|(coding, _)| *coding == "*"))
                .is_some_and(|(_, taken)| *taken)
        };
        if takes("br") {
            Self::Brotli
        } else if takes("gzip") {
            Self::Gzip
        } else {
            Self::Identity
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Identity => "identity",
        }
    }
}

/// A coding, and whether it is taken: a weight of 0 means that it is not.
fn parse(item: &str) -> (&str, bool) {
    let mut parts = item.split(';').map(str::trim);
    let coding = parts.next().unwrap_or_default();
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    (coding, weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|weight| weight > 0.0)))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn the_smallest_encoding_that_is_taken_is_sent() {
        for (accepted, sent) in [
            ("gzip, deflate, br, zstd", Encoding::Brotli),
            ("gzip, deflate", Encoding::Gzip),
            ("GZIP", Encoding::Gzip),
            ("br;q=0, gzip;q=0.5", Encoding::Gzip),
            ("br; q=0.000, *", Encoding::Gzip),
            ("*", Encoding::Brotli),
            ("*;q=0", Encoding::Identity),
            ("identity", Encoding::Identity),
            ("zstd", Encoding::Identity),
            ("brotli", Encoding::Identity),
            ("gzip;q=x", Encoding::Identity),
            ("", Encoding::Identity),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(accepted));
            assert_eq!(Encoding::negotiate(&headers), sent, "{accepted}");
        }
        assert_eq!(Encoding::negotiate(&HeaderMap::new()), Encoding::Identity);
    }
}
