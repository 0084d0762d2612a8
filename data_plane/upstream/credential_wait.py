"""An exchange that waits for its provider's credential: a token that is being fetched."""

import asyncio
import logging
from collections.abc import Callable

from data_plane.errors import GatewayError, InternalError, ProviderAuthFailed
from data_plane.pipeline.sides import Receiver
from data_plane.providers.credential import Credential
from data_plane.tasks import spawn

logger = logging.getLogger(__name__)

WAIT_SECONDS = 15.0  # a token endpoint that takes longer is down


class CredentialWait:
    """Stands in the upstream's place until it is there. Implements `Upstream`."""

    __slots__ = ("_credential", "_failed", "_is_paused", "_last", "_pieces", "_receiver", "_send", "_task")

    def __init__(
        self,
        credential: Credential,
        receiver: Receiver,
        send: Callable[[], None],
        failed: Callable[[GatewayError], None],
    ) -> None:
        """`send`: what to do when the credential is there; it may raise a `GatewayError`. `failed`: what, if it never
        comes and nothing of the request's body has come meanwhile; else the receiver is told.
        """
        self._credential = credential
        self._receiver = receiver
        self._send = send
        self._failed = failed
        self._pieces: list[bytes] = []
        self._last = False
        self._is_paused = False
        receiver.upstream = self
        self._task = spawn(self._wait())

    def send_body(self, data: bytes, last: bool) -> bool:
        """What is read already is kept; the client is asked for no more meanwhile."""
        self._pieces.append(data)
        self._last = last
        return False

    def pause_reading(self) -> None:
        self._is_paused = True

    def resume_reading(self) -> None:
        self._is_paused = False

    def abort(self) -> None:
        self._task.cancel()

    def close_when_sent(self) -> None:
        self.abort()

    async def _wait(self) -> None:
        receiver = self._receiver
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._credential.ready()
        except TimeoutError:
            self._give_up(ProviderAuthFailed("the provider's token could not be had in time"))
        except GatewayError as error:
            self._give_up(error)
        except Exception:
            logger.exception("a credential failed request_id=%s", receiver.exchange.id)
            self._give_up(InternalError())
        else:
            self._go_on()

    def _go_on(self) -> None:
        self._receiver.upstream = None
        try:
            self._send()
        except GatewayError as error:
            self._receiver.on_failure(error)
        except Exception:
            logger.exception("an exchange could not go on request_id=%s", self._receiver.exchange.id)
            self._receiver.on_failure(InternalError())
        else:
            self._hand_over()

    def _hand_over(self) -> None:
        """To the upstream that is there now, unless it has failed at once."""
        upstream = self._receiver.upstream
        if upstream is None or upstream is self:
            return
        if self._is_paused:
            upstream.pause_reading()
        if self._pieces and upstream.send_body(b"".join(self._pieces), self._last) and not self._last:
            self._receiver.on_request_drained()

    def _give_up(self, error: GatewayError) -> None:
        self._receiver.upstream = None
        if self._pieces:
            self._receiver.on_failure(error)
        else:
            self._failed(error)
