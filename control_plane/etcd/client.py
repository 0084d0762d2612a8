"""Calls etcd: a deadline on each attempt, another member after a failure, a new token when the old one has ended."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import grpc.aio
from isthmus.etcd.v1 import etcd_pb2 as pb

from control_plane.certificate_files import CertificateFiles, Pem
from control_plane.etcd.endpoints import Endpoints
from control_plane.etcd.errors import EtcdError, Kind
from control_plane.etcd.methods import AUTHENTICATE, Answer, Method, Request
from control_plane.etcd.settings import EtcdSettings
from control_plane.etcd.stream import EtcdStream, translated_errors

BACKOFF_SECONDS = 0.2  # at most, between attempts once every member has failed
AUTH_IS_OFF = "authentication is not enabled"

Result = TypeVar("Result")
Metadata = tuple[tuple[str, str], ...]
Attempt = Callable[[grpc.aio.Channel, float, Metadata], Awaitable[Result]]


class EtcdClient:
    """Owns the connections of one user of etcd. Safe to share between the tasks of one loop."""

    def __init__(self, settings: EtcdSettings, *, jitter: Callable[[], float] = random.random) -> None:
        self._settings = settings
        self._jitter = jitter
        self._endpoints = Endpoints(settings, first=int(jitter() * len(settings.endpoints)))
        self._token: str | None = None
        self._authenticating = asyncio.Lock()  # one authentication for all calls that found the token stale
        self._closed = False

    def is_closed(self) -> bool:
        return self._closed

    def deadline(self) -> float:
        """`total_seconds` from now, for an operation of several calls."""
        return self._now() + self._settings.total_seconds

    async def call(
        self, method: Method[Request, Answer], request: Request, *, once: bool = False, deadline: float | None = None
    ) -> Answer:
        """Ask, and ask again until it is answered or the deadline is over; by default `total_seconds` from now.

        `once`: for what may not be done twice; it is asked again only if etcd said that it did nothing.

        Raises:
            EtcdError: etcd refused, or did not answer in time (UNAVAILABLE).
        """
        return await self._repeat(self._unary(method, request), deadline or self.deadline(), once=once)

    async def exchange(self, method: Method[Request, Answer], request: Request) -> Answer:
        """As `call`, for one request and its answer on a method that streams both ways."""

        async def requests() -> AsyncIterator[Request]:
            yield request

        async def attempt(channel: grpc.aio.Channel, seconds: float, metadata: Metadata) -> Answer:
            stream = EtcdStream(self, channel, method, metadata)
            stream.send(requests())
            try:
                return await stream.read(seconds)
            finally:
                stream.close()

        return await self._repeat(attempt, self.deadline())

    async def open_stream(self, method: Method[Request, Answer]) -> EtcdStream[Request, Answer]:
        """A stream to the current member, not begun yet. The caller closes it.

        Raises:
            EtcdError: no token could be got.
        """
        metadata = await self._metadata(self.deadline())
        return EtcdStream(self, self._endpoints.current, method, metadata)

    def backoff_seconds(self, failures: int) -> float:
        """No pause until each member was tried once, then a random one."""
        return 0.0 if failures < len(self._endpoints) else BACKOFF_SECONDS * (0.25 + 0.75 * self._jitter())

    def learn_from(self, kind: Kind, channel: grpc.aio.Channel | None = None, metadata: Metadata = ()) -> bool:
        """Do what makes another attempt worth while: leave a silent member, drop a stale token. False: it is not.

        `channel` and `metadata` are those of the attempt that failed, if it came to one.
        """
        if kind is not Kind.UNAVAILABLE and not (kind is Kind.STALE_TOKEN and self._settings.username):
            return False
        if kind is Kind.UNAVAILABLE:
            self._endpoints.leave(channel)
        # Also after silence: a cluster restored from a backup waits for the log to reach the index in an older token.
        if self._token == dict(metadata).get("token", ""):
            self._token = None
        return not self._closed

    @property
    def certificate_files(self) -> CertificateFiles | None:
        """Those of the connections; None where they have no TLS."""
        return self._endpoints.files

    def renew(self, pem: Pem) -> None:
        """Have later calls go over new connections with these certificates."""
        self._endpoints.renew(pem)

    async def close(self) -> None:
        self._closed = True
        await self._endpoints.close()

    async def _repeat(
        self, attempt: Attempt[Result], deadline: float, *, once: bool = False, authenticated: bool = True
    ) -> Result:
        failures = 0
        while True:
            metadata = await self._metadata(deadline) if authenticated else ()
            channel = self._endpoints.current
            seconds = max(0.001, min(self._settings.call_seconds, deadline - self._now()))
            try:
                return await attempt(channel, seconds, metadata)
            except EtcdError as error:
                failures += 1
                pause = self.backoff_seconds(failures)
                repeats = self.learn_from(error.kind, channel, metadata) and self._now() + pause < deadline
                if error.kind is Kind.UNAVAILABLE and (once or not repeats):
                    raise self._unavailable(error) from error
                if not repeats:
                    raise
            await asyncio.sleep(pause)

    def _unary(self, method: Method[Request, Answer], request: Request) -> Attempt[Answer]:
        async def attempt(channel: grpc.aio.Channel, seconds: float, metadata: Metadata) -> Answer:
            with translated_errors(self):
                send = channel.unary_unary(method.path, method.request.SerializeToString, method.answer.FromString)
                return await send(request, timeout=seconds, metadata=metadata)

        return attempt

    async def _metadata(self, deadline: float) -> Metadata:
        if not self._settings.username:
            return ()
        async with self._authenticating:
            if self._token is None:
                self._token = await self._authenticate(deadline)
            return (("token", self._token),) if self._token else ()

    async def _authenticate(self, deadline: float) -> str:
        """A new token; an empty one where the cluster does not ask for any."""
        request = pb.AuthenticateRequest(name=self._settings.username, password=self._settings.password)
        try:
            attempt = self._unary(AUTHENTICATE, request)
            return (await self._repeat(attempt, deadline, authenticated=False)).token
        except EtcdError as error:
            if AUTH_IS_OFF in str(error):
                return ""
            raise

    def _unavailable(self, cause: EtcdError) -> EtcdError:
        return EtcdError(
            Kind.UNAVAILABLE, f"no answer from etcd at {self._endpoints} ({cause}); check that it runs and has a leader"
        )

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
