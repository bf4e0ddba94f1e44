"""Reads, changes and follows with Python's stock client, and prints an object a line for all that it hears.

    ORDERCAST_URL=http://host:port/graphql python clients.py CLIENT QUERY MUTATION SUBSCRIPTION

The lines are those of ../node/clients.mjs. With ORDERCAST_TOKEN it says who it is.
"""

import asyncio
import json
import os
import sys

from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.websockets import WebsocketsTransport

URL = os.environ["ORDERCAST_URL"]
TOKEN = os.environ.get("ORDERCAST_TOKEN")
AUTHORIZATION = {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}
PROTOCOLS = {
    "gql-graphql-transport-ws": WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL,
    "gql-graphql-ws": WebsocketsTransport.APOLLO_SUBPROTOCOL,
}


def tell(**what):
    print(json.dumps(what), flush=True)


async def main(name, query, mutation, subscription):
    # The client checks documents against the schema that it asks for.
    http = Client(transport=AIOHTTPTransport(url=URL, headers=AUTHORIZATION), fetch_schema_from_transport=True)
    async with http as session:
        tell(query=await session.execute(gql(query)))
        tell(mutation=await session.execute(gql(mutation)))
    socket = WebsocketsTransport(
        url=URL.replace("http", "ws"), subprotocols=[PROTOCOLS[name]], init_payload=AUTHORIZATION
    )
    async with Client(transport=socket) as session:
        async for answer in session.subscribe(gql(subscription)):
            tell(answer=answer)
    tell(complete=True)


asyncio.run(main(*sys.argv[1:]))
