"""What proves us for a while: fetched once for all who wait for it, and anew before it ends."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from data_plane.errors import ProviderAuthFailed
from data_plane.providers.clock import SYSTEM_CLOCK, Clock
from data_plane.tasks import spawn

logger = logging.getLogger(__name__)

FETCH_SECONDS = 10.0  # deadline of one fetch, all its requests together
FIRST_RETRY_SECONDS = 1.0  # doubles with each failure
MAX_RETRY_SECONDS = 30.0
REFRESH_AT, REFRESH_SPREAD = 0.75, 0.1  # of the lifetime; spread so that replicas do not all come at once
MARGIN, MAX_MARGIN_SECONDS = 0.05, 10.0  # before the end: what is sent then would arrive after it
MAX_LIFETIME_SECONDS = 86_400.0
TRUST_SECONDS = 300.0  # a token that replaced a refused one, and is refused too: it is not the token's fault
FOR_CLIENTS = "the gateway has no token for this model's provider; its operator finds the reason in the gateway's log"

Value = TypeVar("Value")


class TokenFailure(Exception):
    """There is no token. The message is for the operator: what to do, and nothing that is secret."""


class Issued(Generic[Value]):
    """What was fetched, and how long it holds from the moment that it was asked for."""

    def __init__(self, value: Value, lifetime_seconds: float) -> None:
        self.value = value
        self.lifetime_seconds = lifetime_seconds


class TokenSource(Generic[Value]):
    """Of one credential in one worker. Fetches when somebody asks, so that what nobody uses costs nothing.

    `fetch` raises a `TokenFailure` if it cannot. `name` says in the log what it is for. While a token holds it is
    served, whether or not the next one can be had.
    """

    def __init__(
        self,
        name: str,
        fetch: Callable[[], Awaitable[Issued[Value]]],
        clock: Clock = SYSTEM_CLOCK,
        fetch_seconds: float = FETCH_SECONDS,
    ) -> None:
        self.generation = 0  # of the token
        self._name = name
        self._fetch_next = fetch
        self._clock = clock
        self._fetch_seconds = fetch_seconds
        self._value: Value | None = None
        self._refresh_at = 0.0
        self._ends_at = 0.0
        self._retry_at = 0.0
        self._failures = 0
        self._logged = ""  # the reason that the log has last
        self._fetching: asyncio.Task[None] | None = None
        self._trusted_until = 0.0
        self._refused: Value | None = None  # until another one is there

    def current(self) -> Value | None:
        """The token; None while there is none and one is being fetched. Fetches the next one when it is time.

        Raises:
            ProviderAuthFailed: there is none, and it is too early to try again.
        """
        now = self._clock.monotonic()
        if self._value is not None and now < self._refresh_at:
            return self._value
        return self._renewed(now)

    async def ready(self) -> None:
        """Return when `current` has a token. Who stops waiting stops nobody else.

        Raises:
            ProviderAuthFailed: as `current`.
        """
        while self.current() is None:
            if self._fetching is not None:
                await asyncio.wait((self._fetching,))

    def invalidate(self, generation: int) -> bool:
        """The provider has refused this token. Whether another one may do better: then it is to be fetched.

        If that fails, this one is served again while it holds: it may have been refused for what was asked.
        """
        if generation != self.generation or self._value is None:
            return True
        if self._clock.monotonic() < max(self._trusted_until, self._retry_at):
            return False
        self._refused, self._value = self._value, None
        return True

    def _renewed(self, now: float) -> Value | None:
        if now >= self._ends_at:
            self._value = None
        if self._fetching is None and now >= self._retry_at:
            self._fetching = spawn(self._fetch())
        if self._value is None and self._fetching is None:
            raise ProviderAuthFailed(FOR_CLIENTS)
        return self._value

    async def _fetch(self) -> None:
        began = self._clock.monotonic()
        try:
            async with asyncio.timeout(self._fetch_seconds):
                issued = await self._fetch_next()
            self._take(issued, began)
        except TimeoutError:
            self._fail(f"no answer within {self._fetch_seconds:g} seconds")
        except TokenFailure as failure:
            self._fail(str(failure))
        except Exception as error:  # noqa: BLE001 - its text may hold what was sent, which is secret
            self._fail(f"failed by {type(error).__name__}")
        finally:
            self._fetching = None

    def _take(self, issued: Issued[Value], began: float) -> None:
        seconds = min(issued.lifetime_seconds, MAX_LIFETIME_SECONDS)
        if seconds <= 0:
            raise TokenFailure("it had ended when it came: compare the clocks of both sides")
        self._value = issued.value
        self.generation += 1
        self._ends_at = began + seconds - min(MARGIN * seconds, MAX_MARGIN_SECONDS)
        self._refresh_at = began + seconds * (REFRESH_AT + REFRESH_SPREAD * self._clock.chance())
        self._trusted_until = began + TRUST_SECONDS if self._refused is not None else 0.0
        self._refused = None
        if self._failures:
            logger.info("provider_token_fetched from=%s after_failures=%d", self._name, self._failures)
        self._failures, self._retry_at, self._logged = 0, 0.0, ""

    def _fail(self, reason: str) -> None:
        self._failures += 1
        pause = min(FIRST_RETRY_SECONDS * 2 ** min(self._failures - 1, 10), MAX_RETRY_SECONDS)
        self._retry_at = self._clock.monotonic() + pause * (0.5 + self._clock.chance() / 2)
        if self._refused is not None:
            self._value, self._refused, self._refresh_at = self._refused, None, 0.0
        if reason != self._logged:  # once, until it works again or fails for another reason
            logger.warning("provider_token_failed from=%s reason=%r", self._name, reason)
        self._logged = reason
