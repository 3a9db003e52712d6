"""Creates the OAuth client of the official SDK. It signs in without a browser."""

import asyncio

from commands import CALLBACK, TOKEN, URL, Storage, open_page
from mcp.client.auth import OAuthClientProvider
from mcp.shared.auth import OAuthClientMetadata


def oauth(result=lambda code, state, iss: (code, state)):
    """Returns the provider; none when the server requires no token. `result` makes what the SDK takes from the callback."""
    if not TOKEN:
        return None
    received = {}

    async def redirect(address):
        received.update(await asyncio.to_thread(open_page, address))

    async def callback():
        return result(received["code"], received.get("state"), received.get("iss"))

    metadata = OAuthClientMetadata(client_name="clients", redirect_uris=[CALLBACK], token_endpoint_auth_method="none")
    return OAuthClientProvider(URL, metadata, Storage(), redirect_handler=redirect, callback_handler=callback)
