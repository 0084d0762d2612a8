"""What stands behind the gateway in the documentation: a REST API and a WebSocket server that tell what they get."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from websockets.sync.server import ServerConnection, serve


@dataclass(frozen=True, slots=True)
class Upstreams:
    """Their ports."""

    rest: int
    events: int


class Echo(BaseHTTPRequestHandler):
    """A REST API that tells what it was asked."""

    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        length = int(self.headers.get("content-length", 0))
        told = {"method": self.command, "path": self.path, "headers": dict(self.headers), "rows": []}
        told["body"] = self.rfile.read(length).decode(errors="replace")
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

    def log_message(self, format: str, *args: object) -> None:
        """What was asked is in the answer."""


def echo(connection: ServerConnection) -> None:
    """Send back what comes."""
    for message in connection:
        connection.send(message)


@contextmanager
def upstreams() -> Iterator[Upstreams]:
    """Run both."""
    rest = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    rest.daemon_threads = True
    with rest, serve(echo, "127.0.0.1", 0) as events, ExitStack() as stack:
        for server in (rest, events):
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
        yield Upstreams(rest.server_address[1], events.socket.getsockname()[1])
