// Runs the audits of GraphQL over HTTP, and prints an object a line for each of them.
//
//   ORDERCAST_URL=http://host:port/graphql node audits.mjs

import { auditServer } from 'graphql-http';

for (const { id, name, status, reason } of await auditServer({ url: process.env.ORDERCAST_URL })) {
  console.log(JSON.stringify({ id, name, status, reason }));
}
