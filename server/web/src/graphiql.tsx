import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './graphiql.css';

import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';

import { withSubscriptions } from './subscriptions';

const socketUrl = new URL('/graphql', location.href);
socketUrl.protocol = socketUrl.protocol.replace('http', 'ws');

// What is typed under "Headers" is sent in `connection_init` too.
const fetcher = withSubscriptions(socketUrl.href, createGraphiQLFetcher({ url: '/graphql' }));

const tabs = [
  { query: 'subscription getLastOrder {\n  getOrder {\n    state\n    date\n    user {\n      username\n      email\n    }\n  }\n}\n' },
  { query: 'query getOrders {\n  getOrders {\n    id\n    date\n    state\n    user {\n      username\n      email\n    }\n  }\n}\n' },
  {
    query:
      'mutation placeOrder($input: PlaceOrderInput!) {\n  placeOrder(input: $input) {\n    order {\n      id\n      date\n      state\n    }\n    cursor\n    errors {\n      code\n      field\n      message\n    }\n  }\n}\n',
    variables: '{\n  "input": {\n    "username": "caty88"\n  }\n}\n',
  },
  { query: 'subscription orderEvents {\n  orderEvents {\n    cursor\n    kind\n    previousState\n    order {\n      id\n      state\n    }\n  }\n}\n' },
];

createRoot(document.getElementById('graphiql')!).render(<GraphiQL fetcher={fetcher} defaultTabs={tabs} />);
