"""Serves the corrected ministack on a free loopback port: python ministack_server.py CERTIFICATE KEY. Prints the port."""
import asyncio
import os
import socket
import sys

from parent import end_with_parent

certificate, key = sys.argv[1:]
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
# Requests wait from now on, and are not refused.
listener.listen()
port = listener.getsockname()[1]
# ministack reads its settings while it is imported, and passes its environment on to the functions.
os.environ.update(GATEWAY_PORT=str(port), AWS_ENDPOINT_URL=f"https://127.0.0.1:{port}")

from corrections import apply_corrections  # noqa: E402

apply_corrections()

from hypercorn.asyncio import serve  # noqa: E402
from hypercorn.config import Config  # noqa: E402
from ministack.app import app  # noqa: E402

config = Config()
# ministack's own start listens on every interface by default, and also on port 443.
config.bind = [f"fd://{listener.fileno()}"]
config.certfile = certificate
config.keyfile = key
# Longer than clients keep idle connections, as ministack's own start sets it.
config.keep_alive_timeout = 75

end_with_parent()
print(port, flush=True)
asyncio.run(serve(app, config))
