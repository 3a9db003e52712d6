"""The OpenAI Agents SDK: strict schemas where it can make them, and calls as an agent makes them, with its default time limit of 5 s."""

from agents.mcp import MCPServerStreamableHttp, MCPUtil
from commands import URL, patterns, run, serve
from mcp.client.auth import AuthorizationCodeResult
from oauth import oauth


class Client:
    def __init__(self, server):
        self.server = server

    async def list(self):
        tools = await self.server.list_tools()
        functions = [MCPUtil.to_function_tool(tool, self.server, convert_schemas_to_strict=True) for tool in tools]
        # OpenAI's API refuses a request with such a pattern, whole.
        refused = [
            f"{function.name}: {pattern}"
            for function in functions
            for pattern in patterns(function.params_json_schema)
            if "(?" in pattern
        ]
        if refused:
            raise TypeError(f"Patterns with a group that OpenAI's API refuses: {', '.join(refused)}")
        return {"tools": [function.name for function in functions]}

    async def call(self, name, arguments):
        result = await self.server.call_tool(name, arguments)
        text = "\n".join(part.text for part in result.content if part.type == "text")
        return {"structured": result.structured_content, "text": text, "failed": bool(result.is_error)}


def code(code, state, iss):
    return AuthorizationCodeResult(code=code, state=state, iss=iss)


async def main():
    async with MCPServerStreamableHttp({"url": URL, "auth": oauth(code)}) as server:
        await serve("openai-agents", Client(server), None, "authorization code")


run(main())
