// Reads, changes and follows with a stock client, as its own documentation shows it, and prints an object a line for all
// that it hears: { query }, { mutation }, then an { answer } for each message of the subscription.
//
//   ORDERCAST_URL=http://host:port/graphql node clients.mjs CLIENT QUERY MUTATION SUBSCRIPTION
//
// A query or a mutation that is empty is left out. With ORDERCAST_TOKEN it says who it is, in the way of each client.

import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { WebSocketLink } from '@apollo/client/link/ws';
import { Client, fetchExchange, subscriptionExchange } from '@urql/core';
import { EventSource } from 'eventsource';
import { OperationTypeNode } from 'graphql';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import relay from 'relay-runtime';
import transport from 'subscriptions-transport-ws';
import WebSocket from 'ws';

const url = process.env.ORDERCAST_URL;
const socketUrl = url.replace('http', 'ws');
const [name, query, mutation, subscription] = process.argv.slice(2);
const { ORDERCAST_TOKEN: token } = process.env;
const authorization = token ? { Authorization: `Bearer ${token}` } : {};

// It comes back by itself, to go on behind the last message that it heard.
const graphqlWs = () => {
  let resume;
  return createWsClient({
    url: socketUrl,
    webSocketImpl: WebSocket,
    retryAttempts: 50,
    retryWait: () => sleep(200),
    connectionParams: () => ({ resume, ...authorization }),
    on: { message: ({ payload }) => (resume = payload?.extensions?.cursor ?? resume) },
  });
};

// The same with the older client, whose messages come to those who follow only.
const subscriptionsTransportWs = () => {
  let resume;
  const options = { reconnect: true, connectionParams: () => ({ resume, ...authorization }) };
  const client = new transport.SubscriptionClient(socketUrl, options, WebSocket);
  const request = client.request.bind(client);
  client.request = (document) => ({
    subscribe: (sink) =>
      request(document).subscribe({
        next: (answer) => {
          resume = answer.extensions?.cursor ?? resume;
          sink.next(answer);
        },
        error: (error) => sink.error(error),
        complete: () => sink.complete(),
      }),
  });
  return client;
};

// Each client executes a document once, and follows one.
const clients = {
  'graphql-ws': () => operations(graphqlWs()),
  'subscriptions-transport-ws': () => {
    const client = subscriptionsTransportWs();
    return operations({ subscribe: (request, sink) => client.request(request).subscribe(sink) });
  },

  'graphql-sse': () => sse({ singleConnection: false }),
  'graphql-sse-single-connection': () => sse({ singleConnection: true }),

  // A browser's own, which comes back by itself with the id of the last event.
  eventsource: () => {
    const follow = (document, sink) => {
      // A browser's own has no way to send a header; this one is given a `fetch` that does.
      const authorized = (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...authorization } });
      const source = new EventSource(`${url}?${new URLSearchParams({ query: document })}`, { fetch: authorized });
      source.addEventListener('next', ({ data }) => sink.next(JSON.parse(data)));
      source.addEventListener('complete', () => {
        source.close();
        sink.complete();
      });
    };
    // Changes something by a plain request: this client has only GET.
    const execute = (document) =>
      document.startsWith('mutation') ? post({ query: document }) : first(follow, document);
    return { execute, follow };
  },

  apollo: () => apollo((http) => http),
  'apollo-graphql-ws': () => apollo((http) => split(new GraphQLWsLink(graphqlWs()), http)),
  'apollo-subscriptions-transport-ws': () =>
    apollo((http) => split(new WebSocketLink(subscriptionsTransportWs()), http)),

  urql: () => urql({ exchanges: [fetchExchange], fetchSubscriptions: true }),
  'urql-graphql-ws': () => {
    const socket = graphqlWs();
    const forwardSubscription = (request) => ({
      subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query: '', ...request }, sink) }),
    });
    return urql({ exchanges: [fetchExchange, subscriptionExchange({ forwardSubscription })] });
  },

  // Its network layer, with the two functions that every application writes.
  relay: () => {
    const socket = createSseClient({ url, headers: authorization });
    const network = relay.Network.create(
      ({ text }, variables) => post({ query: text, variables }),
      ({ text }, variables) =>
        relay.Observable.create((sink) => socket.subscribe({ query: text, variables }, sink)),
    );
    const run = (text, operationKind) =>
      network.execute({ id: null, cacheID: text, name: 'document', text, operationKind, metadata: {} }, {}, { force: true });
    return {
      execute: (document) => run(document, document.startsWith('mutation') ? 'mutation' : 'query').toPromise(),
      follow: (document, sink) => run(document, 'subscription').subscribe(sink),
    };
  },
};

// A client that executes and follows alike.
function operations(client) {
  const follow = (document, sink) => client.subscribe({ query: document }, sink);
  return { execute: (document) => first(follow, document), follow };
}

function sse(options) {
  // After it comes back it goes on behind the last message that it heard.
  let last;
  const headers = () => ({ ...authorization, ...(last && { 'last-event-id': last }) });
  const client = createSseClient({ url, headers, retryAttempts: 10, retry: () => sleep(200), ...options });
  const follow = (document, { next, ...sink }) => {
    const remember = (answer) => {
      last = answer.extensions?.cursor ?? last;
      next(answer);
    };
    client.subscribe({ query: document }, { next: remember, ...sink });
  };
  return { execute: (document) => first(follow, document), follow };
}

function apollo(link) {
  const client = new ApolloClient({ link: link(new HttpLink({ uri: url, headers: authorization })), cache: new InMemoryCache() });
  return {
    execute: (document) =>
      document.startsWith('mutation')
        ? client.mutate({ mutation: gql(document) })
        : client.query({ query: gql(document), fetchPolicy: 'no-cache' }),
    follow: (document, sink) => client.subscribe({ query: gql(document), fetchPolicy: 'no-cache' }).subscribe(sink),
  };
}

function split(socket, http) {
  return ApolloLink.split(({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION, socket, http);
}

function urql(options) {
  const client = new Client({ url, preferGetMethod: false, fetchOptions: { headers: authorization }, ...options });
  return {
    execute: (document) =>
      (document.startsWith('mutation') ? client.mutation(document, {}) : client.query(document, {})).toPromise(),
    follow: (document, sink) => client.subscription(document, {}).subscribe(sink.next),
  };
}

async function post(request) {
  const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json', ...authorization };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(request) });
  return response.json();
}

function first(follow, document) {
  return new Promise((resolve, reject) => {
    let answer;
    const next = (told) => (answer = told);
    follow(document, { next, error: reject, complete: () => resolve(answer) });
  });
}

function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

// Clients with a cache ask for the names of types too.
const withoutTypes = (key, value) => (key === '__typename' ? undefined : value);
const tell = (what) => console.log(JSON.stringify(what, withoutTypes));
const outcome = ({ data, error, errors }) => {
  if (error || errors) return { error: String(error ?? JSON.stringify(errors)) };
  return data;
};

const { execute, follow } = clients[name]();
if (query) tell({ query: outcome(await execute(query)) });
if (mutation) tell({ mutation: outcome(await execute(mutation)) });
follow(subscription, {
  next: (answer) => tell({ answer: outcome(answer) }),
  error: (error) => tell({ error: String(error?.message ?? error) }),
  complete: () => tell({ complete: true }),
});
