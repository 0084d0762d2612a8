"""Who calls: a bearer admin token with a scope. Source: RFC 6750, section 2.1."""

import asyncio
import hashlib
import math
from collections import OrderedDict
from typing import Protocol

from aiohttp import web

from control_plane.api.problem import TooManyAttempts
from control_plane.api.throttle import Throttle
from control_plane.errors import Forbidden, StoreUnavailable, Unauthenticated
from control_plane.identity.actor import Actor, Scope

MAX_KNOWN = 1024
STORE_SECONDS = 1.0  # how long the store is waited for where memory can do
MAX_TOKEN_CHARACTERS = 512


class Tokens(Protocol):
    """Knows admin tokens."""

    async def authenticate(self, token: bytes) -> Actor:
        """Whose token it is.

        Raises:
            Unauthenticated: unknown, expired or revoked.
        """


class Authentication:
    """Remembers actors by their tokens' digests: they are not slowed down by others' failures from the same address,
    and may ask what is answered from memory while the store is away.
    """

    def __init__(self, tokens: Tokens, throttle: Throttle) -> None:
        self._tokens = tokens
        self._throttle = throttle
        self._known: OrderedDict[bytes, Actor] = OrderedDict()

    async def authenticate(self, request: web.Request, scope: Scope, *, from_memory: bool) -> Actor:
        """The actor, if the token has the scope. `from_memory`: what is asked needs no store.

        Raises:
            Unauthenticated: no token, or none that is valid.
            Forbidden: the token lacks the scope.
            StoreUnavailable: the store cannot be asked.
            TooManyAttempts: too many wrong ones came from this address.
        """
        token = _bearer(request.headers.get("Authorization", ""))
        digest = hashlib.sha256(token).digest()
        peer = request.remote or ""
        wait = self._throttle.wait_seconds(peer)
        if wait and digest not in self._known:
            raise TooManyAttempts("too many wrong tokens from this address; wait", math.ceil(wait))
        remembered = self._known.get(digest) if from_memory else None
        try:
            async with asyncio.timeout(STORE_SECONDS if remembered else None):  # else the store's own deadline
                actor = await self._tokens.authenticate(token)
        except Unauthenticated:
            self._throttle.fail(peer)
            self._known.pop(digest, None)
            raise
        except (StoreUnavailable, TimeoutError):
            if remembered is None:
                raise
            actor = remembered
        self._known[digest] = actor
        self._known.move_to_end(digest)
        if len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)
        if not actor.has(scope):
            raise Forbidden(f"this needs an admin token with the scope '{scope}'")
        return actor


def _bearer(header: str) -> bytes:
    scheme, _, token = header.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > MAX_TOKEN_CHARACTERS or not token.isascii():
        raise Unauthenticated("send an admin token, as `Authorization: Bearer <token>`")
    return token.encode()
