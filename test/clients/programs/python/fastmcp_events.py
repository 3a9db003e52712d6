"""Receives MCP Events (SEP-3415) with FastMCP: its session, its transport and its interface for extensions."""

import asyncio
from typing import Any

from commands import Unsupported
from mcp.client import ClientExtension, NotificationBinding
from mcp_types import Request, RequestParams, Result
from pydantic import BaseModel, ConfigDict

EXTENSION = "io.modelcontextprotocol/events"
SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"
EVENT_LIMIT = 60
"""Seconds to wait for an event: a server shows events some seconds after they happen."""


class Params(BaseModel):
    model_config = ConfigDict(extra="allow")


class ReadingParams(RequestParams):
    name: str
    arguments: dict[str, Any]
    cursor: str | None


class EventsRequest(Request[ReadingParams, str]):
    pass


class EventsResult(Result):
    model_config = ConfigDict(extra="allow")


class Events(ClientExtension):
    """Reads one subscription. `fastmcp.experimental.events` does the same in a later release than those of the registry."""

    identifier = EXTENSION

    def __init__(self):
        self.received: list[dict[str, Any]] = []
        self.active = asyncio.Event()
        self.changed = asyncio.Event()
        self.cursor: str | None = None
        self.reader: asyncio.Task | None = None

    def notifications(self):
        methods = ("active", "event", "heartbeat", "error", "terminated")
        return [
            NotificationBinding(
                method=f"notifications/events/{method}", params_type=Params, handler=getattr(self, f"on_{method}")
            )
            for method in methods
        ]

    async def on_active(self, params):
        self.moved(params)
        self.active.set()

    async def on_event(self, params):
        self.take(params.model_dump())
        self.moved(params)

    async def on_heartbeat(self, params):
        self.moved(params)

    async def on_error(self, params):
        self.moved(params)

    async def on_terminated(self, params):
        raise RuntimeError(f"The subscription was terminated: {params}")

    def moved(self, params):
        meta = params.model_dump().get("_meta") or {}
        if SUBSCRIPTION not in meta:
            raise RuntimeError(f"A notification without its subscription: {params}")
        self.cursor = params.model_dump().get("cursor", self.cursor)

    def take(self, event):
        self.received.append(event)
        self.changed.set()

    async def subscribe(self, session, mode, name):
        """Returns once the subscription has begun."""
        if mode not in ("poll", "push"):
            raise Unsupported(f"no delivery mode {mode}")
        self.received, self.cursor = [], None
        self.active.clear()
        if mode == "poll":
            await self.poll(session, name)
            self.reader = asyncio.create_task(self.keep_polling(session, name))
        else:
            self.reader = asyncio.create_task(self.keep_streaming(session, name))
            begun = asyncio.create_task(self.active.wait())
            await asyncio.wait([begun, self.reader], return_when=asyncio.FIRST_COMPLETED, timeout=EVENT_LIMIT)
            begun.cancel()
            if self.reader.done():
                await self.reader

    async def event(self, job_id):
        """Returns the event of a job, and ends the subscription."""
        try:
            async with asyncio.timeout(EVENT_LIMIT):
                while True:
                    for event in self.received:
                        if event["data"].get("job_id") == job_id:
                            return {"name": event["name"], "event_id": event["eventId"]}
                    self.changed.clear()
                    changed = asyncio.create_task(self.changed.wait())
                    await asyncio.wait([changed, self.reader], return_when=asyncio.FIRST_COMPLETED)
                    changed.cancel()
                    if self.reader.done():
                        await self.reader
                        raise RuntimeError("The subscription has ended.")
        finally:
            self.reader.cancel()

    async def request(self, session, method, name):
        params = ReadingParams(name=name, arguments={}, cursor=self.cursor)
        return await session.send_request(EventsRequest(method=method, params=params), EventsResult, 90)

    async def poll(self, session, name):
        result = (await self.request(session, "events/poll", name)).model_dump(by_alias=True)
        self.cursor = result["cursor"]
        for event in result["events"]:
            self.take(event)
        return 0 if result["hasMore"] else result["nextPollMs"] / 1000

    async def keep_polling(self, session, name):
        while True:
            await asyncio.sleep(await self.poll(session, name))

    async def keep_streaming(self, session, name):
        # A stream that ends with its empty result is opened again, from the last cursor.
        while True:
            await self.request(session, "events/stream", name)
