"""The official SDK 1.8.1 of May 2025, the first with this transport: tools, and no sign-in of its own."""

from commands import URL, bearer, run, serve
from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client


class Client:
    def __init__(self, session):
        self.session = session

    async def list(self):
        return {"tools": [tool.name for tool in (await self.session.list_tools()).tools]}

    async def call(self, name, arguments):
        result = await self.session.call_tool(name, arguments)
        text = "\n".join(part.text for part in result.content if part.type == "text")
        return {"text": text, "failed": bool(result.isError)}

    async def read(self, uri):
        return {"text": (await self.session.read_resource(uri)).contents[0].text}


async def main():
    async with (
        streamablehttp_client(URL, headers=bearer()) as (read, write, _),
        ClientSession(read, write) as session,
    ):
        protocol = (await session.initialize()).protocolVersion
        await serve("mcp", Client(session), protocol, "token")


run(main())
