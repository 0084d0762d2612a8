"""A watch that survives its connections: it resumes after the last whole revision that it yielded."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

from isthmus.etcd.v1 import etcd_pb2 as pb

from control_plane.etcd.client import EtcdClient
from control_plane.etcd.errors import EtcdError, Kind
from control_plane.etcd.methods import WATCH
from control_plane.etcd.stream import EtcdStream
from control_plane.etcd.watch_cursor import Changes, WatchCursor

HEARTBEAT_SECONDS = 1.0
DEAD_AFTER_SECONDS = 2.5  # without an answer to a heartbeat; gRPC's own pings may come only every 5 s


@dataclass(frozen=True, slots=True)
class KeyRange:
    """Keys from `first` up to and without `end`, as etcd reads them."""

    first: bytes
    end: bytes


async def watch(client: EtcdClient, keys: KeyRange, *, start_revision: int) -> AsyncGenerator[Changes, None]:
    """Yield changes from `start_revision` on until the client is closed; reads no further while the caller is busy.

    Raises:
        EtcdError: COMPACTED where it would have to resume, DENIED even with a new token, INVALID.
    """
    cursor = WatchCursor(start_revision)
    failures = 0
    denied = False
    while not client.is_closed():
        stream = None
        requests = WatchRequests(keys, cursor.next_revision)
        try:
            stream = await client.open_stream(WATCH)
            stream.send(requests.sent())
            async with aclosing(_read(stream, requests, cursor)) as answers:
                async for changes in answers:
                    yield changes
        except EtcdError as error:
            failures = 1 if cursor.established else failures + 1
            # Some versions (3.5.1) say only "permission denied" to a token that they forgot when they restarted.
            kind = Kind.STALE_TOKEN if error.kind is Kind.DENIED and not denied else error.kind
            denied = error.kind is Kind.DENIED
            repeats = client.learn_from(kind, stream.channel, stream.metadata) if stream else client.learn_from(kind)
            if not repeats and not client.is_closed():
                raise
        finally:
            requests.stop()
            if stream:
                stream.close()
        cursor.restart()
        await asyncio.sleep(client.backoff_seconds(failures))


async def _read(
    stream: EtcdStream[pb.WatchRequest, pb.WatchResponse], requests: "WatchRequests", cursor: WatchCursor
) -> AsyncGenerator[Changes, None]:
    while True:
        requests.beats = True
        answer = await stream.read(DEAD_AFTER_SECONDS)
        requests.beats = False
        for changes in cursor.feed(answer):
            yield changes


class WatchRequests:
    """What a watch sends on one stream: what it wants, then heartbeats while `beats`: somebody reads the answers."""

    def __init__(self, keys: KeyRange, start_revision: int) -> None:
        self._create = pb.WatchCreateRequest(
            key=keys.first,
            range_end=keys.end,
            start_revision=start_revision,
            progress_notify=True,
            fragment=True,  # else one answer may be larger than any limit on messages
        )
        self.beats = False
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        self._stopped.set()

    async def sent(self) -> AsyncIterator[pb.WatchRequest]:
        yield pb.WatchRequest(create_request=self._create)
        while not self._stopped.is_set():
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await self._stopped.wait()
            except TimeoutError:
                if self.beats:
                    yield pb.WatchRequest(progress_request=pb.WatchProgressRequest())
