"""Pydantic AI's toolset: the patterns of all schemas in pydantic-core, whose engine is Rust's, and direct calls."""

from commands import URL, patterns, run, serve
from mcp.client.auth import AuthorizationCodeResult
from oauth import oauth
from pydantic_ai.exceptions import ModelRetry
from pydantic_ai.mcp import MCPToolset
from pydantic_core import SchemaValidator


class Client:
    def __init__(self):
        self.toolset = MCPToolset(URL, auth=oauth(code), progress_handler=self.count)
        self.progress = 0

    async def count(self, *_event):
        self.progress += 1

    async def list(self):
        tools = await self.toolset.list_tools()
        for tool in tools:
            for pattern in patterns([tool.input_schema, tool.output_schema]):
                SchemaValidator({"type": "str", "pattern": pattern, "regex_engine": "rust-regex"})
        return {"tools": [tool.name for tool in tools]}

    async def call(self, name, arguments):
        self.progress = 0
        try:
            result = await self.toolset.direct_call_tool(name, arguments)
        except ModelRetry as retry:
            return {"text": str(retry), "failed": True}
        structured = result if isinstance(result, dict) else None
        text = "" if structured else str(result)
        return {"structured": structured, "text": text, "failed": False, "progress": self.progress}

    async def read(self, uri):
        return {"text": await self.toolset.read_resource(uri)}


def code(code, state, iss):
    return AuthorizationCodeResult(code=code, state=state, iss=iss)


async def main():
    client = Client()
    async with client.toolset:
        await serve("pydantic-ai-slim", client, None, "authorization code")


run(main())
