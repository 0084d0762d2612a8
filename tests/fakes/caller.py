"""Callers that make a connection for each call, a few at a time, and note how each went."""

import asyncio
from dataclasses import dataclass, field
from typing import Self

CALL_SECONDS = 20.0
GET = b"GET /rest/x HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"


@dataclass(slots=True)
class Callers:
    """One request after the other from each."""

    port: int
    count: int = 4
    answers: list[str] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _is_over: bool = False

    @property
    def failures(self) -> list[str]:
        return [answer for answer in self.answers if answer != "200"]

    async def more(self, count: int) -> None:
        """Wait for so many more answers."""
        goal = len(self.answers) + count
        async with asyncio.timeout(CALL_SECONDS):
            while len(self.answers) < goal:
                await asyncio.sleep(0.01)

    async def _call_on(self) -> None:
        while not self._is_over:
            self.answers.append(await call(self.port))

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._call_on()) for _ in range(self.count)]
        return self

    async def __aexit__(self, *exception: object) -> None:
        self._is_over = True
        await asyncio.gather(*self._tasks)


async def call(port: int, data: bytes = GET) -> str:
    """The status of the answer, or what went wrong."""
    try:
        async with asyncio.timeout(CALL_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(data)
                answer = await reader.read()
            finally:
                writer.transport.abort()
    except (OSError, TimeoutError) as error:
        return repr(error)
    return answer[9:12].decode() if answer else "closed without an answer"
