"""FastMCP with its tasks client: tools, the tasks extension of 2026-07-28, and MCP Events."""

import asyncio
import warnings
import webbrowser

import fastmcp_tasks
from commands import TOKEN, URL, open_page, run, serve
from fastmcp import Client as FastClient
from fastmcp.client.auth import OAuth
from fastmcp_events import Events

warnings.simplefilter("ignore")
# Its OAuth client opens a browser, and waits for it with a server of its own.
webbrowser.open = lambda address: asyncio.get_running_loop().run_in_executor(None, open_page, address)


def outcome(result):
    text = "\n".join(part.text for part in result.content if part.type == "text")
    return {"structured": result.structured_content, "text": text, "failed": result.is_error}


class Client:
    def __init__(self):
        self.asked = 0
        auth = OAuth() if TOKEN else None
        self.events = Events()
        self.client = FastClient(URL, auth=auth, elicitation_handler=self.answer, extensions=[self.events])

    async def list(self):
        return {"tools": [tool.name for tool in await self.client.list_tools()]}

    async def call(self, name, arguments):
        # A plain call drives a task to its end. The start tools wait then, as those of other clients do not.
        if name.startswith("start_"):
            task = await fastmcp_tasks.call_tool_task(self.client, name, arguments)
            return {"structured": {"job_id": task.task_id, "status": "pending"}, "text": "", "failed": False}
        events = []

        async def progress(*event):
            events.append(event)

        result = await self.client.call_tool(name, arguments, raise_on_error=False, progress_handler=progress)
        return {**outcome(result), "progress": len(events)}

    async def read(self, uri):
        return {"text": (await self.client.read_resource(uri))[0].text}

    async def task(self, name, arguments):
        self.asked = 0
        result = await self.client.call_tool(name, arguments, raise_on_error=False)
        return {**outcome(result), "status": "completed", "questions": self.asked}

    async def subscribe(self, mode, name):
        await self.events.subscribe(self.client.session, mode, name)
        return {}

    async def event(self, job_id):
        return await self.events.event(job_id)

    async def answer(self, _message, response_type, _params, _context):
        self.asked += 1
        return response_type(approve=True)


async def main():
    client = Client()
    async with client.client as connected:
        protocol = getattr(connected, "protocol_version", None) or connected.initialize_result.protocolVersion
        await serve("fastmcp", client, protocol, "authorization code")


run(main())
