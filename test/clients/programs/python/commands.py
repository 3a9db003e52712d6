"""Serves the runner's commands: reads JSON lines from standard input, and prints one JSON line for each."""

import asyncio
import json
import os
import sys
import traceback
from importlib.metadata import version
from urllib.parse import parse_qsl, urlsplit

URL = os.environ["MCP_URL"]
TOKEN = os.environ.get("MCP_TOKEN")
"""An access token; absent when the server requires none."""
CALLBACK = "http://127.0.0.1:9/callback"
"""Redirect address of clients that start no server for it: the runner stops there."""


class Unsupported(Exception):
    """The client cannot do what the command asks for. Its text says why."""


async def serve(package, client, protocol, sign_in):
    """Answers commands until standard input ends. The client has the methods `list`, `call`, `read` and `task`."""
    write({"version": version(package), "protocol": protocol, "sign_in": sign_in if TOKEN else None})
    while line := await asyncio.to_thread(sys.stdin.readline):
        command = json.loads(line)
        try:
            method = getattr(client, command.pop("do"), None)
            if not method:
                raise Unsupported("not in its API")
            write(await method(**command))
        except Unsupported as error:
            write({"unsupported": str(error)})
        except Exception as error:
            traceback.print_exc()
            write({"error": describe(error)})


def run(main):
    """Runs the program. A failure to connect is printed as its outcome."""
    try:
        asyncio.run(main)
    except Exception as error:
        traceback.print_exc()
        write({"error": describe(error)})


def write(outcome):
    print(json.dumps(outcome), flush=True)


def describe(error):
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"


def bearer():
    """Returns the headers of a client that is given a token."""
    return {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}


def open_page(address):
    """Asks the runner to open the sign-in page, as a browser does. Returns what the callback receives."""
    write({"open": address})
    callback = json.loads(sys.stdin.readline())["callback"]
    return dict(parse_qsl(urlsplit(callback).query))


def patterns(schema):
    """Returns the patterns of a JSON schema."""
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        for value in schema.values():
            yield from patterns(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from patterns(value)


class Storage:
    """Keeps the tokens and the registration of an OAuth client in memory."""

    tokens = client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client
