//! How a socket opens.

use serde_json::json;
use tests::{Protocol, RawSocket, Server, Socket};

#[test]
fn no_sub_protocol_that_we_speak_completes_the_handshake_and_closes_with_4406() {
    let server = Server::start();
    for offered in
        [None, Some("graphql-sse"), Some("GraphQL-Transport-WS"), Some("mqtt, graphql-transport-ws2")]
    {
        let mut socket = RawSocket::offer(server.api(), offered, Protocol::GraphqlTransportWs);
        assert_eq!(socket.agreed(), None, "{offered:?}");
        assert_eq!(socket.expect_close(4406), "Subprotocol not acceptable", "{offered:?}");
    }
}

#[test]
fn the_first_sub_protocol_that_we_speak_is_agreed_on() {
    let server = Server::start();
    for (offered, agreed) in [
        ("graphql-transport-ws", Protocol::GraphqlTransportWs),
        ("graphql-ws", Protocol::GraphqlWs),
        ("graphql-transport-ws, graphql-ws", Protocol::GraphqlTransportWs),
        ("graphql-ws,graphql-transport-ws", Protocol::GraphqlWs),
        ("mqtt, graphql-ws", Protocol::GraphqlWs),
    ] {
        let mut socket = RawSocket::offer(server.api(), Some(offered), agreed);
        assert_eq!(socket.agreed(), Some(agreed.name()), "{offered}");
        socket.initialise(&json!({}));
    }
}

#[test]
fn a_foreign_origin_is_answered_with_403_and_no_upgrade() {
    let server = Server::start();
    for protocol in Protocol::ALL {
        for origin in ["https://evil.example", "http://localhost.evil.example", "null", "nonsense"] {
            let refused = Socket::open(server.api(), protocol, Some(origin)).err();
            assert_eq!(refused.map(|status| status.as_u16()), Some(403), "{origin}");
        }
        for origin in ["http://localhost:3000", "http://127.0.0.1"] {
            assert!(Socket::open(server.api(), protocol, Some(origin)).is_ok(), "{origin}");
        }
    }
}
