// Follows one subscription over many sockets with a stock client, and prints an object a line for all that it hears.
//
//   ORDERCAST_URL=ws://host:port/graphql node follow.mjs PROTOCOL SOCKETS DOCUMENT [OPERATION_NAME]
//
// PROTOCOL is the sub-protocol's name on the wire. An answer is printed as text, so that the order of its fields stays.

import { createClient } from 'graphql-ws';
import transport from 'subscriptions-transport-ws';
import WebSocket from 'ws';

const url = process.env.ORDERCAST_URL;
const [protocol, sockets, query, operationName] = process.argv.slice(2);
const request = { query, variables: {}, operationName };

const followers = {
  // npm's graphql-ws
  'graphql-transport-ws'(connected, sink) {
    const client = createClient({
      url,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      on: { connected: (socket) => connected(socket.protocol) },
    });
    client.subscribe(request, sink);
  },
  // npm's subscriptions-transport-ws
  'graphql-ws'(connected, sink) {
    const client = new transport.SubscriptionClient(url, { reconnect: false }, WebSocket);
    client.onConnected(() => connected(client.client.protocol));
    client.onError((error) => sink.error(error));
    client.request(request).subscribe(sink);
  },
};

for (let socket = 0; socket < Number(sockets); socket += 1) {
  const tell = (what) => console.log(JSON.stringify({ socket, ...what }));
  followers[protocol]((spoken) => tell({ protocol: spoken }), {
    next: ({ data, errors }) => tell({ answer: JSON.stringify({ data, errors }) }),
    error: (error) => tell({ error: describe(error) }),
    complete: () => tell({ complete: true }),
  });
}

// The clients hand over errors, lists of GraphQL errors, and events of the socket.
function describe(error) {
  if (error.code !== undefined && error.reason !== undefined) return `closed: ${error.code} ${error.reason}`;
  return error.message ?? JSON.stringify(error);
}
