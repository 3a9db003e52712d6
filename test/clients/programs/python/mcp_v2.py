"""The official SDK 2.x: tools, in the revision that it negotiates. It has no tasks."""

import httpx2
from commands import URL, run, serve
from mcp import Client as McpClient
from mcp.client.auth import AuthorizationCodeResult
from mcp.client.streamable_http import streamable_http_client
from oauth import oauth


class Client:
    def __init__(self, client):
        self.client = client

    async def list(self):
        return {"tools": [tool.name for tool in (await self.client.list_tools()).tools]}

    async def call(self, name, arguments):
        events = []

        async def progress(*event):
            events.append(event)

        result = await self.client.call_tool(name, arguments, progress_callback=progress)
        text = "\n".join(part.text for part in result.content if part.type == "text")
        return {
            "structured": result.structured_content,
            "text": text,
            "failed": bool(result.is_error),
            "progress": len(events),
        }

    async def read(self, uri):
        return {"text": (await self.client.read_resource(uri)).contents[0].text}


def code(code, state, iss):
    return AuthorizationCodeResult(code=code, state=state, iss=iss)


async def main():
    async with httpx2.AsyncClient(auth=oauth(code), timeout=httpx2.Timeout(30, read=300)) as http:
        async with McpClient(streamable_http_client(URL, http_client=http)) as client:
            await serve("mcp", Client(client), client.protocol_version, "authorization code")


run(main())
