use std::{
    io,
    net::{IpAddr, SocketAddr, TcpStream},
};

use reqwest::{
    Method,
    blocking::{Client, RequestBuilder},
};
use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};

use crate::PATIENCE;

/// A server's API over HTTP. Clones share connections.
#[derive(Clone)]
pub struct Api {
    address: String,
    /// Which of the machine's own addresses its connections come from, if any matters.
    from: Option<IpAddr>,
    client: Client,
    token: Option<String>,
}

impl Api {
    pub(crate) fn at(address: &str) -> Self {
        Self { address: address.to_owned(), from: None, client: client(None), token: None }
    }

    /// The same for a client at another address of this machine, to which the limits of an address apply by itself. On Linux
    /// all of 127.0.0.0/8 are.
    #[must_use]
    pub fn from_address(&self, address: IpAddr) -> Self {
        Self { from: Some(address), client: client(Some(address)), ..self.clone() }
    }

    /// The same for the bearer of a token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The token that it sends.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The address and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A new connection.
    pub(crate) fn connect(&self) -> io::Result<TcpStream> {
        let Some(from) = self.from else { return TcpStream::connect(&self.address) };
        let to: SocketAddr = self.address.parse().expect("an address");
        let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
        socket.bind(&SocketAddr::new(from, 0).into())?;
        socket.connect(&to.into())?;
        Ok(socket.into())
    }

    /// The URL of the GraphQL endpoint.
    pub fn url(&self) -> String {
        format!("http://{}/graphql", self.address)
    }

    /// The same for WebSockets.
    pub fn socket_url(&self) -> String {
        format!("ws://{}/graphql", self.address)
    }

    /// Any request.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("http://{}{path}", self.address));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// The whole answer to a document, as text. An error is one of the connection.
    pub fn try_graphql(&self, query: &str, variables: &Value) -> Result<String, reqwest::Error> {
        let request = json!({ "query": query, "variables": variables });
        self.request(Method::POST, "/graphql").json(&request).send()?.text()
    }

    /// The whole answer to a document.
    pub fn graphql(&self, query: &str, variables: &Value) -> Value {
        let answer = self.try_graphql(query, variables).expect("the server answers");
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("not JSON ({error}): {answer}"))
    }

    /// The answer to a document that must succeed.
    pub fn data(&self, query: &str, variables: &Value) -> Value {
        let mut answer = self.graphql(query, variables);
        assert!(answer.get("errors").is_none(), "`{query}` failed: {answer}");
        answer["data"].take()
    }

    /// The payload of a mutation with one field and one variable, `$input`.
    pub fn mutate(&self, mutation: &str, input: &Value) -> Value {
        let mut data = self.data(mutation, &json!({ "input": input }));
        let payloads = data.as_object_mut().expect("an object");
        let payload = payloads.values_mut().next().expect("a payload");
        payload.take()
    }

    /// Creates a user with an address at dev.io.
    pub fn create_user(&self, username: &str) {
        let input = json!({ "username": username, "email": format!("{username}@dev.io") });
        let payload = self.mutate(Self::CREATE_USER, &input);
        assert_eq!(payload["errors"], json!([]), "{input}");
    }

    /// Places an order, and returns its id.
    pub fn place_order(&self, input: &Value) -> String {
        let payload = self.mutate(Self::PLACE_ORDER, input);
        assert_eq!(payload["errors"], json!([]), "{input}");
        payload["order"]["id"].as_str().expect("an id").to_owned()
    }

    /// Pays an order.
    pub fn pay_order(&self, id: &str) {
        let payload = self.mutate(Self::PAY_ORDER, &json!({ "id": id }));
        assert_eq!(payload["errors"], json!([]), "{id}");
    }

    /// Every order, oldest first.
    pub fn orders(&self) -> Vec<Value> {
        let mut data = self.data("{ getOrders { id date state user { username email } } }", &json!({}));
        serde_json::from_value(data["getOrders"].take()).expect("a list")
    }

    /// Creates a user.
    pub const CREATE_USER: &str = "mutation($input: CreateUserInput!) {
        createUser(input: $input) { user { id username email } errors { code field message } }
    }";
    /// Places an order.
    pub const PLACE_ORDER: &str = "mutation($input: PlaceOrderInput!) {
        placeOrder(input: $input) { order { id date state user { username } } errors { code field message } }
    }";
    /// Pays an order.
    pub const PAY_ORDER: &str = "mutation($input: PayOrderInput!) {
        payOrder(input: $input) { order { id state } errors { code field message } }
    }";
    /// Cancels an order.
    pub const CANCEL_ORDER: &str = "mutation($input: CancelOrderInput!) {
        cancelOrder(input: $input) { order { id state } errors { code field message } }
    }";
}

fn client(from: Option<IpAddr>) -> Client {
    // A proxy of the environment would not reach this machine.
    let client = Client::builder().no_proxy().local_address(from).timeout(PATIENCE);
    client.build().expect("an HTTP client")
}
