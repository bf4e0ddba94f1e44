"""Reads, changes and follows with Python's stock client, and prints an object a line for all that it hears.

    ORDERCAST_URL=http://host:port/graphql python clients.py CLIENT QUERY MUTATION SUBSCRIPTION

The lines are those of ../node/clients.mjs.
"""

import asyncio
import json
import os
import sys

from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.websockets import WebsocketsTransport

URL = os.environ["ORDERCAST_URL"]
PROTOCOLS = {
    "gql-graphql-transport-ws": WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL,
    "gql-graphql-ws": WebsocketsTransport.APOLLO_SUBPROTOCOL,
}


def tell(**what):
    print(json.dumps(what), flush=True)


async def main(name, query, mutation, subscription):
    # The client checks documents against the schema that it asks for.
    http = Client(transport=AIOHTTPTransport(url=URL), fetch_schema_from_transport=True)
    async with http as session:
        tell(query=await session.execute(gql(query)))
        tell(mutation=await session.execute(gql(mutation)))
    socket = WebsocketsTransport(url=URL.replace("http", "ws"), subprotocols=[PROTOCOLS[name]])
    async with Client(transport=socket) as session:
        async for answer in session.subscribe(gql(subscription)):
            tell(answer=answer)
    tell(complete=True)


asyncio.run(main(*sys.argv[1:]))
