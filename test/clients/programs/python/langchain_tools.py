"""LangChain's adapter: the server's tools as LangChain tools, invoked as an agent invokes them."""

from commands import URL, run, serve
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_mcp_adapters.callbacks import Callbacks
from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.tools import load_mcp_tools
from oauth import oauth


class Client:
    def __init__(self, session):
        self.session = session
        self.tools = {}
        self.progress = 0

    async def count(self, *_event):
        self.progress += 1

    async def list(self):
        tools = await load_mcp_tools(self.session, callbacks=Callbacks(on_progress=self.count))
        self.tools = {tool.name: tool for tool in tools}
        for tool in self.tools.values():
            convert_to_openai_tool(tool)
        return {"tools": list(self.tools)}

    async def call(self, name, arguments):
        self.progress = 0
        call = {"type": "tool_call", "id": "1", "name": name, "args": arguments}
        message = await self.tools[name].ainvoke(call)
        # Only texts: the provider of a model refuses files in the result of a tool.
        blocks = message.content if isinstance(message.content, list) else [{"type": "text", "text": message.content}]
        others = [block["type"] for block in blocks if block["type"] != "text"]
        if others:
            raise TypeError(f"{name} returned blocks that models' providers refuse: {', '.join(others)}")
        text = "\n".join(block["text"] for block in blocks)
        structured = (message.artifact or {}).get("structured_content")
        failed = message.status == "error"
        return {"structured": structured, "text": text, "failed": failed, "progress": self.progress}

    async def read(self, uri):
        return {"text": (await self.session.read_resource(uri)).contents[0].text}


async def main():
    server = {"transport": "streamable_http", "url": URL, "auth": oauth()}
    async with MultiServerMCPClient({"jobs": server}).session("jobs") as session:
        await serve("langchain-mcp-adapters", Client(session), None, "authorization code")


run(main())
