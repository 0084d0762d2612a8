"""Clients that take their time, or all connections there are. A canary sings meanwhile."""

import asyncio
import os
import resource
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from data_plane.ingress.bounds import Capacity
from tests.conformance.canary import ASKS, attacked
from tests.conformance.client import Client
from tests.conformance.recorder import Recorder
from tests.fakes.replica import Replica, configuration
from tests.fakes.worker_usage import MEBIBYTE, WorkerUsage

pytestmark = pytest.mark.asyncio(loop_scope="module")

Figure = Callable[[str, object], None]
HEAD = b"GET /rest/x HTTP/1.1\r\nHost: a\r\nX: "
BODY = b"POST /rest/x HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"
KEEPS = ASKS.replace(b"close", b"keep-alive")
STREAM_BYTES = 64 * MEBIBYTE
# How soon each is closed, and two seconds for a loop that is busy.
HEAD_SECONDS, BODY_SECONDS, READER_SECONDS, IDLE_SECONDS = 15.0 + 2, 30.0 + 2, 30.0 + 2, 75.0 + 2
DESCRIPTORS = 256


class Dribbling:
    """A client that sends a byte a second, until it is closed."""

    def __init__(self, client: Client) -> None:
        self.seconds = 0.0  # until it was closed
        self.answer = 0
        self._client = client

    async def run(self, begins: bytes) -> None:
        client, began = self._client, time.monotonic()
        await client.send([begins])
        while not client.has_heard:
            await client.send([b"x"])
            await asyncio.sleep(1.0)
        answer = await client.answer()
        self.answer = answer.status if answer is not None else 0
        self.seconds = time.monotonic() - began
        await client.leave()


async def dribble(port: int, begins: bytes, count: int) -> list[Dribbling]:
    dribbling = [Dribbling(await Client.connect(port)) for _ in range(count)]
    await asyncio.gather(*[each.run(begins) for each in dribbling])
    return dribbling


async def test_slow_heads_and_bodies_are_given_up(
    replica: Replica, recorder: Recorder, record_property: Figure
) -> None:
    async with attacked(replica) as attack:
        heads, bodies = await asyncio.gather(dribble(replica.port, HEAD, 100), dribble(replica.port, BODY, 50))
        attack.sent += 100 * len(HEAD) + 50 * len(BODY)
    record_property("seconds until slow heads are closed", round(max(each.seconds for each in heads), 1))
    record_property("seconds until slow bodies are closed", round(max(each.seconds for each in bodies), 1))
    assert max(each.seconds for each in heads) < HEAD_SECONDS
    assert max(each.seconds for each in bodies) < BODY_SECONDS
    assert {each.answer for each in heads + bodies} <= {0, 408}
    assert {target for _, target, _ in recorder.told} == {b"/rest/canary"}


class Unread:
    """A client that asks for a stream and reads nothing."""

    def __init__(self) -> None:
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

    async def ask(self, port: int) -> None:
        loop = asyncio.get_running_loop()
        await loop.sock_connect(self.socket, ("127.0.0.1", port))
        await loop.sock_sendall(self.socket, b"GET /rest/stream HTTP/1.1\r\nHost: a\r\n\r\n")


@pytest.mark.parametrize(
    "seconds",
    [4.0, pytest.param(READER_SECONDS + 2, marks=[pytest.mark.long, pytest.mark.timeout(120)])],
    ids=["short", "long"],
)
async def test_fifty_readers_that_do_not_read_hold_the_upstream_up(
    seconds: float, replica: Replica, recorder: Recorder, record_property: Figure
) -> None:
    written = [0]
    ended = [0]

    async def stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % STREAM_BYTES)
        try:
            for _ in range(STREAM_BYTES >> 16):
                writer.write(bytes(1 << 16))
                await writer.drain()
                written[0] += 1 << 16
        finally:
            ended[0] += 1
            writer.close()

    recorder.scripts[b"/rest/stream"] = stream
    readers = [Unread() for _ in range(50)]
    async with attacked(replica) as attack:
        for each in readers:
            await each.ask(replica.port)
            attack.sent += 100
        await asyncio.sleep(seconds)
    for each in readers:
        each.socket.close()
    record_property("MiB taken from 50 upstreams of 64 MiB", round(written[0] / MEBIBYTE))
    record_property("MiB more at the peak", round(attack.growth / MEBIBYTE, 1))
    assert written[0] < 50 * STREAM_BYTES / 4  # what stands in buffers of the kernel
    if seconds > READER_SECONDS:
        assert ended[0] == 50, "kept longer than a client may stall"


async def idle(port: int, request: bytes) -> float:
    """How long a connection is kept after that."""
    client = await Client.connect(port)
    if request:
        assert (await client.ask(request)).status == 200
    began = time.monotonic()
    await client.reader.read()
    await client.leave()
    return time.monotonic() - began


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_idle_connections_are_closed(replica: Replica, recorder: Recorder, record_property: Figure) -> None:
    async with attacked(replica) as attack:
        attack.sent += 50 * len(ASKS)
        unused, used = await asyncio.gather(
            asyncio.gather(*[idle(replica.port, b"") for _ in range(50)]),
            asyncio.gather(*[idle(replica.port, KEEPS) for _ in range(50)]),
        )
    record_property("seconds until unused connections are closed", round(max(unused), 1))
    record_property("seconds until idle connections are closed", round(max(used), 1))
    assert max(unused) < HEAD_SECONDS
    assert min(used) > HEAD_SECONDS and max(used) < IDLE_SECONDS


async def test_two_thousand_connections_that_come_and_go_leave_nothing(
    replica: Replica, recorder: Recorder, record_property: Figure
) -> None:
    (pid,) = replica.worker_pids()
    usage = WorkerUsage(pid)
    before = usage.descriptors
    async with attacked(replica) as attack:
        for number in range(2000):
            client = await Client.connect(replica.port)
            if number % 3:
                await client.send([ASKS[: number % len(ASKS)]])
            await client.leave()
    await replica.until(lambda: usage.descriptors <= before + 4)
    record_property("MiB more at the peak", round(attack.growth / MEBIBYTE, 1))


async def test_a_worker_without_descriptors_rests_and_recovers(
    recorder: Recorder, tmp_path: Path, record_property: Figure
) -> None:
    replica = Replica(tmp_path, workers=1)
    replica.write_config(configuration({"recorder": f"http://127.0.0.1:{recorder.port}"}))
    async with replica:
        (pid,) = replica.worker_pids()
        usage = WorkerUsage(pid)
        asker = await Client.connect(replica.port)
        assert (await asker.ask(KEEPS)).status == 200
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
        crowd = [await Client.connect(replica.port) for _ in range(DESCRIPTORS + 100)]
        await replica.until(lambda: usage.descriptors >= DESCRIPTORS - 2)
        began, seconds = time.monotonic(), usage.processor_seconds
        answer = await asker.ask(KEEPS)
        await asyncio.sleep(3)
        share = usage.share_since(seconds, began)
        for client in crowd:
            await client.leave()
        async with asyncio.timeout(5):
            late = await Client.connect(replica.port)
            assert (await late.ask(ASKS)).status == 200
            await late.leave()
        assert replica.worker_pids() == [pid]
        await asker.leave()
    record_property("share of a processor while there are none", round(share, 3))
    assert answer.status in (200, 503), answer
    assert share < 0.5


async def test_who_comes_when_there_is_no_room_hears_so(recorder: Recorder, tmp_path: Path) -> None:
    """A worker knows from its start how many descriptors it has."""
    replica = Replica(tmp_path, workers=1)
    replica.write_config(configuration({"recorder": f"http://127.0.0.1:{recorder.port}"}))
    async with replica:
        (first,) = replica.worker_pids()
        resource.prlimit(replica.pid, resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
        os.kill(first, signal.SIGKILL)  # the next one inherits the limit
        await replica.wait_for(lambda status: status["serving"] == 1 and replica.worker_pids() not in ([], [first]))
        crowd = [await Client.connect(replica.port) for _ in range(Capacity.within(DESCRIPTORS).connections)]
        late = await Client.connect(replica.port)
        answer = await late.answer()
        assert answer is not None and (answer.status, len(answer.head.values(b"retry-after"))) == (503, 1)
        assert (await crowd[0].ask(KEEPS)).status == 200, "who was there before is served"
        for client in (*crowd, late):
            await client.leave()
        async with asyncio.timeout(5):
            while await status_of(replica.port) != 200:
                await asyncio.sleep(0.05)


async def status_of(port: int) -> int:
    client = await Client.connect(port)
    answer = await client.ask(ASKS)
    await client.leave()
    return answer.status
