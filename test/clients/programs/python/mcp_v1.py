"""The official SDK 1.x: tools, and the experimental tasks of 2025-11-25."""

import warnings
from contextlib import AsyncExitStack

from commands import URL, run, serve
from mcp import ClientSession, types
from mcp.client.streamable_http import streamablehttp_client
from oauth import oauth

warnings.simplefilter("ignore")


def outcome(result):
    text = "\n".join(part.text for part in result.content if part.type == "text")
    return {"structured": result.structuredContent, "text": text, "failed": bool(result.isError)}


class Client:
    def __init__(self, session):
        self.session = session
        self.asked = 0

    async def list(self):
        return {"tools": [tool.name for tool in (await self.session.list_tools()).tools]}

    async def call(self, name, arguments):
        events = []

        async def progress(*event):
            events.append(event)

        result = await self.session.call_tool(name, arguments, progress_callback=progress)
        return {**outcome(result), "progress": len(events)}

    async def read(self, uri):
        contents = (await self.session.read_resource(uri)).contents
        return {"text": contents[0].text}

    async def task(self, name, arguments):
        self.asked = 0
        tasks = self.session.experimental
        task_id = (await tasks.call_tool_as_task(name, arguments)).task.taskId
        # The result comes when the task ends. The server asks its questions meanwhile.
        result = outcome(await tasks.get_task_result(task_id, types.CallToolResult))
        return {**result, "status": (await tasks.get_task(task_id)).status, "questions": self.asked}

    async def answer(self, _context, _question):
        self.asked += 1
        return types.ElicitResult(action="accept", content={"approve": True})


async def main():
    async with AsyncExitStack() as stack:
        read, write, _ = await stack.enter_async_context(streamablehttp_client(URL, auth=oauth()))
        client = Client(None)
        session = ClientSession(read, write, elicitation_callback=client.answer)
        client.session = await stack.enter_async_context(session)
        protocol = (await session.initialize()).protocolVersion
        await serve("mcp", client, protocol, "authorization code")


run(main())
