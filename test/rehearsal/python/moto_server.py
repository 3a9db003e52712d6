"""Serves moto on a free loopback port. Prints the port."""
from moto.server import DomainDispatcherApplication, create_backend_app
from parent import end_with_parent
from werkzeug.serving import make_server

# One thread: moto's conditional writes are not atomic, and of two at once both can succeed.
server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=False)
end_with_parent()
print(server.server_port, flush=True)
server.serve_forever()
