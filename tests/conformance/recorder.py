"""An upstream on a real socket that notes every request, byte-exact, and answers what a test wants."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Self

from tests.conformance.wire import REQUEST_LINE, CutShort, Head, Malformed, read_body, read_head

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
MAX_BYTES = 1 << 26

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True)
class Recorded:
    """One request as it came: `complete` once its body is whole, `cut_short` if the gateway closed before."""

    head: Head
    connection: int
    body: bytearray = field(default_factory=bytearray)
    complete: bool = False
    cut_short: bool = False

    @property
    def told(self) -> tuple[bytes, bytes, bytes]:
        return self.head.start[0], self.head.start[1], bytes(self.body)


class Recorder:
    """Answers `{"path": ...}`, unless there is a script for the path: that is called when the head has come.

    After a script the connection goes on as any other, unless it has closed it.
    """

    def __init__(self) -> None:
        self.requests: list[Recorded] = []
        self.faults: list[str] = []  # what the gateway should not have written
        self.scripts: dict[bytes, Script] = {}
        self.connections = 0
        self.open = 0
        self.port = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def forget(self) -> None:
        """Begin anew; connections stay."""
        self.requests.clear()
        self.faults.clear()
        self.scripts.clear()

    @property
    def told(self) -> list[tuple[bytes, bytes, bytes]]:
        """Method, target and body of each whole request."""
        return [each.told for each in self.requests if each.complete]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=MAX_BYTES, backlog=512)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exception: object) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self.open += 1
        number = self.connections
        try:
            while not writer.is_closing() and await self._serve_one(reader, writer, number):
                pass
        except Malformed as malformed:
            self.faults.append(str(malformed))
        except (OSError, CutShort, asyncio.CancelledError):
            pass
        finally:
            self.open -= 1
            self._tasks.discard(task)
            writer.close()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> bool:
        head = await read_head(reader, REQUEST_LINE)
        if head is None:
            return False
        request = Recorded(head, number)
        self.requests.append(request)
        method, target = head.start
        if len(head.values(b"host")) != 1:
            raise Malformed(f"{len(head.values(b'host'))} Host fields")
        script = self.scripts.get(target.partition(b"?")[0])
        if script is not None:
            await script(reader, writer)
            return not writer.is_closing()
        try:
            await read_body(reader, head, request.body)
        except (CutShort, OSError):
            request.cut_short = True
            raise
        request.complete = True
        content = b'{"path":"%b"}' % target.replace(b'"', b"'").replace(b"\\", b"/")
        answer = ANSWER % (len(content), content)
        writer.write(answer.removesuffix(content) if method == b"HEAD" else answer)
        await writer.drain()
        return True
