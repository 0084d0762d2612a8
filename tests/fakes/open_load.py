"""Load that does not wait for answers: so many calls a second, each noted with how it went."""

import asyncio
import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

CALL_SECONDS = 40.0
HOLD_SECONDS = 0.01  # calls are begun in batches, as often as this
FAILED = "failed"
Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Call:
    """One connection with one request. `client` is our end of it; `result` a status, or what went wrong."""

    client: Address
    result: str


@dataclass(frozen=True, slots=True)
class Target:
    """A replica, and whether a balancer would send to it now."""

    port: int
    is_ready: Callable[[], bool] = lambda: True


class OpenLoad:
    """Opens `rate` connections a second, to ready targets in turn, while the block runs.

    `requests` are sent in turn, too; an answer is good if it has a 2xx status and its end. Our addresses take
    turns, since one has not enough ports for a minute of this.
    """

    def __init__(self, targets: Sequence[Target], rate: float, requests: Sequence[bytes]) -> None:
        self.calls: list[Call] = []
        self.begun = 0
        self.seconds = 0.0
        self._targets = targets
        self._rate = rate
        self._requests = itertools.cycle(requests)
        self._turns = itertools.cycle(range(len(targets)))
        self._sources = itertools.cycle(f"127.0.0.{number}" for number in range(2, 18))
        self._under_way: set[asyncio.Task[None]] = set()
        self._beating: asyncio.Task[None] | None = None

    @property
    def failures(self) -> list[Call]:
        return [call for call in self.calls if call.result.startswith(FAILED)]

    async def more(self, count: int) -> None:
        """Wait for so many more answers."""
        goal = len(self.calls) + count
        async with asyncio.timeout(CALL_SECONDS):
            while len(self.calls) < goal:
                await asyncio.sleep(0.01)

    async def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            self.seconds = loop.time() - began
            while self.begun < self._rate * self.seconds:
                self.begun += 1
                task = loop.create_task(self._call())
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)
            await asyncio.sleep(HOLD_SECONDS)

    def _target(self) -> Target | None:
        for _ in self._targets:
            target = self._targets[next(self._turns)]
            if target.is_ready():
                return target
        return None

    async def _call(self) -> None:
        target, request, source = self._target(), next(self._requests), next(self._sources)
        client: Address = (source, 0)
        if target is None:
            self.calls.append(Call(client, f"{FAILED}: no replica is ready"))
            return
        try:
            async with asyncio.timeout(CALL_SECONDS):
                reader, writer = await asyncio.open_connection("127.0.0.1", target.port, local_addr=client)
                client = writer.get_extra_info("sockname")[:2]
                try:
                    writer.write(request)
                    result = verdict(await reader.read())
                finally:
                    writer.transport.abort()
        except (OSError, TimeoutError) as error:
            result = f"{FAILED}: {error!r}"
        self.calls.append(Call(client, result))

    async def __aenter__(self) -> Self:
        self._beating = asyncio.get_running_loop().create_task(self._beat())
        return self

    async def __aexit__(self, *exception: object) -> None:
        assert self._beating is not None
        self._beating.cancel()
        await asyncio.gather(*self._under_way)


def verdict(answer: bytes) -> str:
    """The status of a whole answer, or what is missing of it."""
    head, end, body = answer.partition(b"\r\n\r\n")
    status = head[9:12].decode(errors="replace")
    if not end:
        return f"{FAILED}: closed after {len(answer)} bytes"
    if b"text/event-stream" in head and b"data: [DONE]" not in body:
        return f"{FAILED}: the stream ends amid"
    return status if status[:1] == "2" else f"{FAILED}: {status}"


def chat_request(key: str, *, stream: bool) -> bytes:
    body = json.dumps({"model": "chat", "messages": [{"role": "user", "content": "hello"}], "stream": stream}).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: a.example\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
