"""Sends exchanges to a model: to a version, there to a target, and to others where that one cannot serve."""

import logging
from collections.abc import Container

from data_plane.codecs.retry_after import retry_after
from data_plane.errors import GatewayError, ObjectNotFound, Overloaded, ProviderAuthFailed, ProviderRateLimited
from data_plane.exchange import Attempt, Exchange, Response
from data_plane.pipeline.sides import Receiver
from data_plane.upstream.cluster import ModelVersion
from data_plane.upstream.connection import UpstreamConnection
from data_plane.upstream.message import WHOLE, BodyFraming
from data_plane.upstream.owner import Failure
from data_plane.upstream.reframing import Reframing
from data_plane.upstream.request_head import streamed_framing
from data_plane.upstream.resend import MAX_TRIES, may_resend
from data_plane.upstream.target_sender import TargetSender, WorkerParts
from data_plane.upstream.translating import Translating
from data_plane.upstream.version_choice import VersionChoice
from data_plane.upstream.weighted import Weighted

logger = logging.getLogger(__name__)

NOT_OUR_CREDENTIAL = frozenset((401, 402, 403))  # the client's own credential has nothing to do with these
KEY_REFUSED = frozenset((401, 403, 429))
BUSY = frozenset((429, 503, 529))


class ModelDispatcher:
    """The way to one model with several versions."""

    def __init__(self, choice: VersionChoice, parts: WorkerParts, *, is_lossy: bool = False) -> None:
        self._choice = choice
        self._versions = {
            version.name: VersionDispatcher(version, parts, is_lossy=is_lossy)
            for version in choice.versions
            if version.weight
        }

    def send(self, receiver: Receiver, *, streams_body: bool) -> None:
        exchange = receiver.exchange
        chosen = self._versions[self._choice.choose(exchange).name]
        if exchange.pinned and not chosen.has(exchange.pinned):
            chosen = next((each for each in self._versions.values() if each.has(exchange.pinned)), chosen)
        chosen.send(receiver, streams_body=streams_body)


class VersionDispatcher:
    """The way to one version of a model."""

    def __init__(self, version: ModelVersion, parts: WorkerParts, *, is_lossy: bool = False) -> None:
        self._name = version.name
        self._random = parts.random
        self._senders = Weighted(
            [TargetSender(target, parts, is_lossy=is_lossy) for target in version.targets],
            [target.weight for target in version.targets],
        )
        senders = self._senders.items
        self._only = senders[0] if len(senders) == 1 else None

    def send(self, receiver: Receiver, *, streams_body: bool) -> None:
        exchange = receiver.exchange
        exchange.model_version = self._name
        framing = streamed_framing(exchange) if streams_body else WHOLE
        if exchange.pinned:
            senders = self._senders.without(lambda sender: sender.provider_name != exchange.pinned)
            if senders is None:
                raise ObjectNotFound("what the request refers to is kept where this model is not served")
            self._send_to_one(receiver, senders, framing, b"")
        elif self._only is not None:
            self._only.send(receiver, self, framing, b"")
        else:
            self._send_to_one(receiver, self._senders, framing, b"")

    def has(self, provider: str) -> bool:
        """Whether the version is served by a provider."""
        return any(sender.provider_name == provider for sender in self._senders.items)

    def judge(self, receiver: Receiver, response: Response, *, can_resend: bool) -> tuple[Failure, GatewayError] | None:
        status, exchange = response.status, receiver.exchange
        if status in KEY_REFUSED and self._has_other_key(exchange, response) and can_resend:
            return Failure.UNPROVEN, ProviderRateLimited("the provider refused one of the gateway's keys")
        if status in NOT_OUR_CREDENTIAL:
            return Failure.FINAL, ProviderAuthFailed("the provider refused the gateway's credential")
        if status in BUSY and can_resend and self._untried(exchange) is not None:
            return Failure.REJECTED, Overloaded("the provider is overloaded")
        return None

    def on_failure(
        self, connection: UpstreamConnection, receiver: Receiver, failure: Failure, error: GatewayError
    ) -> None:
        """Stale: the same target again. Its key refused: again with another one. Unreachable or busy: another target.

        Else the receiver hears of it.
        """
        try:
            if self._goes_on(connection, receiver, failure):
                return
        except GatewayError:  # the others cannot take it, so the first failure is what counts
            pass
        except Exception:  # whatever it is, the receiver must hear of an end
            logger.exception("another attempt failed request_id=%s", receiver.exchange.id)
        receiver.on_failure(error)

    def on_unproven(self, receiver: Receiver, content: tuple[BodyFraming, bytes], error: GatewayError) -> None:
        """Another target, or the receiver hears of it."""
        exchange = receiver.exchange
        exchange.attempts.append(Attempt(exchange.target, "", exchange.started, reason=error.code))
        others = self._untried(exchange)
        try:
            if others is not None:
                self._send_to_one(_run_of(receiver), others, *content)
                return
        except GatewayError:  # as above
            pass
        receiver.on_failure(error)

    def _goes_on(self, connection: UpstreamConnection, receiver: Receiver, failure: Failure) -> bool:
        exchange, message = receiver.exchange, connection.message
        if failure is not Failure.STALE and exchange.form is not None and exchange.form.is_streamed:
            return False  # what has been sent of it is in the words of this target
        if failure is Failure.STALE:
            cluster = self._sender(exchange.target).target.cluster
            if may_resend(exchange, cluster):
                connection.home.connect().send(message, receiver, self)
                return True
        elif failure is Failure.UNPROVEN:
            self._sender(exchange.target).send(_run_of(receiver), self, message[2], message[1])
            return True
        elif failure is not Failure.FINAL:
            others = self._untried(exchange)
            if others is not None:
                self._send_to_one(_run_of(receiver), others, message[2], message[1])
                return True
        return False

    def _send_to_one(
        self, receiver: Receiver, senders: Weighted[TargetSender], framing: BodyFraming, waiting: bytes
    ) -> None:
        """
        Raises:
            GatewayError: none of the targets can take the exchange; what the first of them said.
        """
        error: GatewayError | None = None
        left: Weighted[TargetSender] | None = senders
        while left is not None:
            sender = left.choose(self._random)
            try:
                sender.send(receiver, self, framing, waiting)
            except GatewayError as raised:  # another API, or too many connections
                error = error or raised
                left = _without(left, (sender.target.name,))
            else:
                return
        if error is not None:
            raise error

    def _untried(self, exchange: Exchange) -> Weighted[TargetSender] | None:
        if len(exchange.attempts) >= MAX_TRIES:
            return None
        left = _without(self._senders, {attempt.target for attempt in exchange.attempts})
        if left is not None and exchange.pinned:
            left = left.without(lambda sender: sender.provider_name != exchange.pinned)
        return left

    def _has_other_key(self, exchange: Exchange, response: Response) -> bool:
        wait = retry_after(dict(response.headers))
        is_worth_it = self._sender(exchange.target).refuse_key(exchange, response.status, wait)
        return is_worth_it and len(exchange.attempts) < MAX_TRIES

    def _sender(self, name: str) -> TargetSender:
        return next(sender for sender in self._senders.items if sender.target.name == name)


def _run_of(receiver: Receiver) -> Receiver:
    """Who waits for the answer, whatever an attempt has put in between."""
    return receiver.step_aside() if isinstance(receiver, (Translating, Reframing)) else receiver


def _without(senders: Weighted[TargetSender], names: Container[str]) -> Weighted[TargetSender] | None:
    return senders.without(lambda sender: sender.target.name in names)
