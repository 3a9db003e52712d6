"""Serves the tool `work` with FastMCP and its tasks extension. Arguments: port, URL of the backend."""

import asyncio
import sys
from datetime import timedelta

from fastmcp import FastMCP
from fastmcp_tasks import TasksExtension

port, backend = sys.argv[1:]
server = FastMCP("peer")
# Another worker takes over after five minutes by default. A benchmark does not wait that long.
server.add_extension(TasksExtension(url=backend, redelivery_timeout=timedelta(seconds=15)))


@server.tool(task=True)
async def work(text: str, ms: int) -> str:
    """Returns the text after so many milliseconds."""
    await asyncio.sleep(ms / 1000)
    return text


server.run(transport="http", host="127.0.0.1", port=int(port), show_banner=False, log_level="ERROR")
