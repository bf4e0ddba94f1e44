// Queries and mutations over HTTP, subscriptions over a WebSocket that resumes.

import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';
import { RetryLink } from '@apollo/client/link/retry';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { OperationTypeNode } from 'graphql';

import { createResumingClient } from './resume';
import { authorization } from './token';

const socketUrl = new URL('/graphql', location.href);
socketUrl.protocol = socketUrl.protocol.replace('http', 'ws');

export const live = createResumingClient({ url: socketUrl.href, connectionParams: authorization });

const http = ApolloLink.from([
  new SetContextLink(({ headers }) => ({ headers: { ...headers, ...authorization() } })),
  // A query may be repeated while the server is away. A mutation may have been done: that is for the user to decide.
  new RetryLink({
    delay: { initial: 300, max: 2000, jitter: true },
    attempts: (count, operation) => count < 5 && operation.operationType === OperationTypeNode.QUERY,
  }),
  new HttpLink({ uri: '/graphql' }),
]);

export const client = new ApolloClient({
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(live.client),
    http,
  ),
  cache: new InMemoryCache({
    typePolicies: {
      // Lists are written whole.
      OrderConnection: { merge: (_, incoming) => incoming },
      Viewer: { merge: true },
    },
  }),
  devtools: { enabled: import.meta.env.DEV },
});
