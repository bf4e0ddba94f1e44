use std::{
    net::{IpAddr, Ipv4Addr},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{Api, Protocol, RawSocket};

/// A client that does what clients do, beside others who do not: it places an order, hears of it, and reads it. It is at an
/// address of its own, so that only what others do to the whole server reaches it.
pub struct Bystander {
    api: Api,
    socket: RawSocket,
}

/// How long it waited.
#[derive(Clone, Copy, Debug)]
pub struct Latencies {
    /// From sending a change until it has both the answer and the event.
    pub change: Duration,
    /// For a query.
    pub query: Duration,
}

/// It is a user of the sample data. Whoever else changes this user's orders disturbs it.
const USERNAME: &str = "caty88";

const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

const PLACE: &str = "mutation($input: PlaceOrderInput!) {
    placeOrder(input: $input) { order { id } cursor errors { code } } }";

const READ: &str = "query($id: ID!) { order(id: $id) { id state user { username } } }";

impl Bystander {
    /// Connects, and follows its orders. Where tokens are asked for it has that of `api`.
    pub fn start(api: &Api) -> Self {
        let api = api.from_address(ADDRESS);
        let mut socket = RawSocket::start(&api, Protocol::GraphqlTransportWs);
        let document = "subscription($username: String!) {
            orderEvents(where: { username: $username }) { kind cursor order { id } } }";
        socket
            .start_operation("orders", &json!({ "query": document, "variables": { "username": USERNAME } }));
        let mut bystander = Self { api, socket };
        bystander.has_heard_everything();
        bystander
    }

    /// Does a bit of everything, each of which must come to its end: nothing is refused, and nothing else is told.
    pub fn works(&mut self) -> Latencies {
        let started = Instant::now();
        let mut placed = self.api.mutate(PLACE, &json!({ "username": USERNAME }));
        assert_eq!(placed["errors"], json!([]), "{placed}");
        let mut told = self.socket.next_answer("orders");
        let change = started.elapsed();
        let id = placed["order"]["id"].take();
        // The event of this change and no other: one that was lost, or told twice, would put the next one out of step.
        let event = json!({ "kind": "PLACED", "cursor": placed["cursor"], "order": { "id": id } });
        assert_eq!(told["data"]["orderEvents"].take(), event, "{told}");

        let started = Instant::now();
        let read = self.api.data(READ, &json!({ "id": id }));
        let query = started.elapsed();
        let order = json!({ "id": id, "state": "UNPAID", "user": { "username": USERNAME } });
        assert_eq!(read["order"], order);
        Latencies { change, query }
    }

    /// Nothing is on its way to it but the answer to this.
    pub fn has_heard_everything(&mut self) {
        let payload = json!({ "is": "that all?" });
        self.socket.send(&json!({ "type": "ping", "payload": payload }));
        let message: Value = self.socket.next_message();
        assert_eq!(message, json!({ "type": "pong", "payload": payload }));
    }
}
