"""`Idempotency-Key`: a POST that is repeated with its key is made once, and its answer is given again for a day.

Source: draft-ietf-httpapi-idempotency-key-header-07. The key is the actor's own. What is kept is sealed, since the
answer may hold a key or token that nothing else in the store knows.
"""

import base64
import hashlib
import json
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from control_plane.api.call import Call
from control_plane.api.problem import IdempotencyConflict
from control_plane.errors import ControlPlaneError, FieldError, Invalid, Malformed, StoreUnavailable
from control_plane.secrets.sealer import Sealer, SealError
from control_plane.store.base import Compare, Conflict, Delete, LeaseEnded, Put, Store, StoreError, TooLarge
from control_plane.store.keys import idempotency_key
from control_plane.store.stored import store_errors

KEPT_SECONDS = 86_400
PENDING_SECONDS = 120  # after which a request whose control plane died may be made again
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_SEALED_AS = "answer"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Record:
    """`answer` sealed; None: the request is being made, `is_lost`: its answer was too large to keep."""

    request: str
    answer: str | None = None
    is_lost: bool = False

    def encode(self) -> bytes:
        return json.dumps({"request": self.request, "answer": self.answer, "lost": self.is_lost}).encode()


class Idempotency:
    """Shared by all control planes through the store."""

    def __init__(self, store: Store, sealer: Sealer) -> None:
        self._store = store
        self._sealer = sealer

    async def once(self, call: Call, make: Callable[[], Awaitable[web.StreamResponse]]) -> web.StreamResponse:
        """The answer of `make`, or that of the first request with this key.

        Raises:
            IdempotencyConflict: the first is still being made, or its answer could not be kept.
            Invalid: the key was used for another request.
        """
        given = call.request.headers["Idempotency-Key"]
        if not _KEY.fullmatch(given):
            message = "must be 1 to 255 visible ASCII characters, such as a UUID"
            raise Malformed(f"`Idempotency-Key` {message}", [FieldError("Idempotency-Key", message)])
        key = idempotency_key(hashlib.sha256(f"{call.actor.id}\0{given}".encode()).hexdigest())
        request = await _digest(call)
        with store_errors():
            entry = await self._store.get(key)
            if entry:
                return self._replay(key, request, entry.value)
            lease = await self._store.grant_lease(PENDING_SECONDS)
            try:
                revision = await self._store.transact([Compare(key, 0)], [Put(key, _Record(request).encode(), lease)])
            except Conflict as error:
                raise _under_way() from error
        try:
            response = await make()
        except ControlPlaneError as error:
            # Of what failed otherwise it is not known whether it was made: the key stays taken for a while, so that
            # a repeat does not make it twice.
            if not isinstance(error, StoreUnavailable):
                await self._forget(key, revision)
            raise
        await self._keep(key, revision, request, response)
        return response

    async def _keep(self, key: str, revision: int, request: str, response: web.StreamResponse) -> None:
        """A failure to keep it does not undo what was done: the answer goes out all the same."""
        body = response.body if isinstance(response, web.Response) and isinstance(response.body, bytes) else b""
        answer = {
            "status": response.status,
            "type": response.content_type,
            "etag": response.headers.get("ETag", ""),
            "body": base64.b64encode(body).decode(),
        }
        sealed = self._sealer.seal(key, _SEALED_AS, json.dumps(answer))
        try:
            lease = await self._store.grant_lease(KEPT_SECONDS)
            try:
                await self._put(key, revision, _Record(request, sealed), lease)
            except TooLarge:
                await self._put(key, revision, _Record(request, is_lost=True), lease)
        except StoreError as error:
            logger.warning("idempotent_answer_not_kept reason=%r", str(error))

    async def _put(self, key: str, revision: int, record: _Record, lease: int) -> None:
        await self._store.transact([Compare(key, revision)], [Put(key, record.encode(), lease)])

    async def _forget(self, key: str, revision: int) -> None:
        """Nothing was done, so the key is free again."""
        try:
            await self._store.transact([Compare(key, revision)], [Delete(key)])
        except (StoreError, LeaseEnded) as error:
            logger.warning("idempotency_key_not_freed reason=%r", str(error))

    def _replay(self, key: str, request: str, value: bytes) -> web.Response:
        record = json.loads(value)
        if record["request"] != request:
            message = "was used for another request; give each request a key of its own"
            raise Invalid(f"`Idempotency-Key` {message}", [FieldError("Idempotency-Key", message)])
        if record["lost"]:
            raise IdempotencyConflict("the request was made, but its answer was too large to be kept; read the result")
        if record["answer"] is None:
            raise _under_way()
        try:
            answer = json.loads(self._sealer.open(key, _SEALED_AS, record["answer"]))
        except SealError as error:
            raise IdempotencyConflict("the request was made, but its answer can no longer be opened") from error
        headers = {"Idempotency-Replayed": "true"} | ({"ETag": answer["etag"]} if answer["etag"] else {})
        body = base64.b64decode(answer["body"])
        return web.Response(status=answer["status"], body=body, content_type=answer["type"], headers=headers)


def _under_way() -> IdempotencyConflict:
    return IdempotencyConflict("a request with this `Idempotency-Key` is being made; ask again in a moment")


async def _digest(call: Call) -> str:
    """What makes two requests the same."""
    head = f"{call.request.method}\0{call.request.path_qs}\0{call.request.content_type}\0".encode()
    return hashlib.sha256(head + await call.body()).hexdigest()
