"""ClickHouse's HTTP interface over the embedded engine: real clients, real SQL, no server to install.

Usage: python -m tests.fakes.clickhouse_server FOLDER PASSWORD
Prints its port. Serves one request at a time; a file `FOLDER/full` makes inserts fail as on a full disk.
"""

import base64
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

INSERT = b"INSERT INTO"


class Engine:
    """The embedded engine, for one request at a time."""

    def __init__(self, folder: Path) -> None:
        import chdb

        self._folder = folder
        untyped: Any = chdb  # two packages bring this module, of which one has types
        self._connection: Any = untyped.connect(str(folder / "store"))
        self._lock = threading.Lock()

    def answer(self, sql: str, content: bytes) -> bytes:
        """Rows in the format that the statement names. Raises RuntimeError."""
        with self._lock, tempfile.NamedTemporaryFile() as file:
            if content:
                if (self._folder / "full").exists():
                    raise RuntimeError("Code: 243. DB::Exception: Cannot reserve 1.00 MiB, not enough space")
                file.write(content)
                file.flush()
                head, _, form = sql.rpartition("FORMAT")
                sql = f"{head} FROM INFILE '{file.name}' FORMAT {form}"
            result: bytes = self._connection.query(sql, "TabSeparated").bytes()
            return result


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    engine: Engine
    authorization: str

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(b"".join(self._chunks()))

    def _chunks(self) -> Iterator[bytes]:
        if self.headers.get("Transfer-Encoding") != "chunked":
            yield self.rfile.read(int(self.headers.get("Content-Length", 0)))
            return
        while length := int(self.rfile.readline(), 16):
            yield self.rfile.read(length)
            self.rfile.readline()
        self.rfile.readline()

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""

    def _answer(self, content: bytes) -> None:
        parts = urlsplit(self.path)
        parameters = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/ping":
            self._send(200, b"Ok.\n")
        elif self.headers.get("Authorization") != self.authorization:
            self._send(403, b"Code: 516. DB::Exception: Authentication failed")
        else:
            body = _decompress(content, self.headers.get("Content-Encoding", ""))
            sql, data = (parameters["query"].encode(), body) if "query" in parameters else (body, b"")
            if sql.startswith(INSERT) and b"FORMAT Native\n" in sql:  # the rows follow their statement
                sql, _, data = sql.partition(b"\n")
            try:
                self._send(200, self.engine.answer(sql.decode(), data))
            except RuntimeError as error:
                self._send(500, str(error).encode())

    def _send(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-ClickHouse-Timezone", "UTC")
        self.end_headers()
        self.wfile.write(content)


def _decompress(content: bytes, encoding: str) -> bytes:
    if encoding == "lz4":
        import lz4.frame  # type: ignore[import-untyped]

        plain = b""
        while content:  # a frame for each block
            decompressor = lz4.frame.LZ4FrameDecompressor()
            plain += decompressor.decompress(content)
            content = decompressor.unused_data or b""
        return plain
    if encoding:
        raise ValueError(f"no {encoding} here")
    return content


def main(folder: str, password: str) -> None:
    Handler.engine = Engine(Path(folder))
    Handler.authorization = "Basic " + base64.b64encode(f"default:{password}".encode()).decode()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
