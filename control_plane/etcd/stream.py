"""One stream of requests and answers with one member of the cluster."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Generic, Protocol

import grpc.aio
from google.protobuf.message import Message

from control_plane.etcd.errors import EtcdError, Kind, classify
from control_plane.etcd.methods import Answer, Method, Request

LEADER_REQUIRED = (("hasleader", "true"),)  # a member that is cut off from the others says so and ends the stream


class Closable(Protocol):
    def is_closed(self) -> bool: ...


class EtcdStream(Generic[Request, Answer]):
    """Begun by `send`, over at the first error; `close` it in any case."""

    def __init__(
        self,
        client: Closable,
        channel: grpc.aio.Channel,
        method: Method[Request, Answer],
        metadata: tuple[tuple[str, str], ...],
    ) -> None:
        self._client = client
        self._method = method

        self._call: grpc.aio.StreamStreamCall[Message, Answer] | None = None
        self.channel = channel
        self.metadata = metadata

    def send(self, requests: AsyncIterator[Request]) -> None:
        """Send what `requests` yields, as it comes."""
        with translated_errors(self._client):
            method = self._method
            begin = self.channel.stream_stream(method.path, method.request.SerializeToString, method.answer.FromString)
            self._call = begin(requests, metadata=(*LEADER_REQUIRED, *self.metadata))

    async def read(self, timeout_seconds: float) -> Answer:
        """The next answer.

        Raises:
            EtcdError: none came in time, or the stream ended.
        """
        if self._call is None:
            raise EtcdError(Kind.INVALID, "the stream has not begun")
        with translated_errors(self._client):
            try:
                async with asyncio.timeout(timeout_seconds):
                    answer = await self._call.read()
            except TimeoutError as error:
                raise EtcdError(Kind.UNAVAILABLE, f"silent for {timeout_seconds:g} s") from error
        if not isinstance(answer, self._method.answer):
            raise EtcdError(Kind.UNAVAILABLE, "etcd ended the stream")
        return answer

    def close(self) -> None:
        if self._call is not None:
            self._call.cancel()


@contextmanager
def translated_errors(client: Closable) -> Iterator[None]:
    """Turn what gRPC raises into EtcdError.

    A channel that is closed under a call, as the client ends or goes on with new certificates, raises CancelledError
    although nobody cancelled the task: that must not end the task of a caller who only waited.
    """
    if client.is_closed():
        raise EtcdError(Kind.UNAVAILABLE, "the client is closed")
    try:
        yield
    except grpc.aio.AioRpcError as error:
        details = error.details() or error.code().name
        raise EtcdError(classify(error.code(), details), details) from error
    except asyncio.CancelledError as cancelled:
        task = asyncio.current_task()
        if not (task and task.cancelling()):
            reason = "the client is closed" if client.is_closed() else "the connection was closed"
            raise EtcdError(Kind.UNAVAILABLE, reason) from cancelled
        raise
