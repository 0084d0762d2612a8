"""Sends exchanges to a model: to a version, there to a target, and to others where that one cannot serve."""

import logging
from collections.abc import Callable, Container

import msgspec

from data_plane.errors import GatewayError, Overloaded, ProviderAuthFailed
from data_plane.exchange import Exchange, Response
from data_plane.pipeline.sides import Receiver
from data_plane.upstream.cluster import ModelVersion, Target
from data_plane.upstream.connection import WHOLE, BodyFraming, Failure, UpstreamConnection
from data_plane.upstream.endpoints import Endpoints
from data_plane.upstream.pool import Pools
from data_plane.upstream.request_head import (
    NOT_FORWARDED_TO_PROVIDERS,
    encode_head,
    forwarded_fields,
    framing_line,
    framing_of,
)
from data_plane.upstream.resend import MAX_TRIES, may_resend
from data_plane.upstream.version_choice import VersionChoice
from data_plane.upstream.weighted import Weighted

logger = logging.getLogger(__name__)

NOT_OUR_CREDENTIAL = frozenset((401, 402, 403))  # the client's own credential has nothing to do with these
BUSY = frozenset((429, 503, 529))
READABLE = b"accept-encoding: identity\r\n"  # else neither usage nor content could be read

_encode = msgspec.json.Encoder().encode


class ModelDispatcher:
    """The way to one model."""

    def __init__(self, choice: VersionChoice, pools: Pools, random: Callable[[], float]) -> None:
        self._choice = choice
        self._versions = {
            version.name: VersionDispatcher(version, pools, random) for version in choice.versions if version.weight
        }

    def send(self, receiver: Receiver, *, streams_body: bool) -> None:
        version = self._choice.choose(receiver.exchange)
        self._versions[version.name].send(receiver, streams_body=streams_body)


class TargetSender:
    """Puts exchanges into the words of one target's provider."""

    __slots__ = ("_endpoints", "_fields_hash", "_not_forwarded", "_ours", "target")

    def __init__(self, target: Target, pools: Pools, random: Callable[[], float]) -> None:
        self.target = target
        self._endpoints = Endpoints(target.cluster, pools, random)
        self._fields_hash: int | None = None
        self._ours: frozenset[bytes] = frozenset()
        self._not_forwarded = NOT_FORWARDED_TO_PROVIDERS

    def send(self, receiver: Receiver, owner: "VersionDispatcher", framing: BodyFraming, waiting: bytes) -> None:
        """Send an exchange. `waiting`: what has come of a body that is not `WHOLE`.

        Raises:
            GatewayError: this target cannot take it. Nothing has been sent.
        """
        exchange, target = receiver.exchange, self.target
        path = target.provider.path(exchange, target.model)
        body = self._body(exchange) if framing is WHOLE else waiting
        provider_fields = target.provider.fields(exchange)
        self._learn(provider_fields)
        lines = forwarded_fields(exchange, self._not_forwarded, self._ours)
        fields = provider_fields + READABLE + framing_line(exchange, framing, len(body))
        head = encode_head(exchange, path, fields, lines)
        connection = self._endpoints.choose().acquire()
        exchange.target = target.name
        exchange.provider = target.provider.name
        connection.send((head, body, framing), receiver, owner)

    def _body(self, exchange: Exchange) -> bytes:
        fields = exchange.fields
        if fields is None:
            return exchange.request.body
        return _encode({**fields, "model": self.target.model_json} if "model" in fields else fields)

    def _learn(self, provider_fields: bytes) -> None:
        """What the provider sets goes before what clients or policies send under the same name.

        Its fields are nearly always the same; only their hash is kept, since they hold the credential.
        """
        fields_hash = hash(provider_fields)
        if fields_hash != self._fields_hash:
            lines = (provider_fields + READABLE).split(b"\r\n")
            self._ours = frozenset([line.partition(b":")[0].lower() for line in lines if line])
            self._not_forwarded = NOT_FORWARDED_TO_PROVIDERS | self._ours
            self._fields_hash = fields_hash


class VersionDispatcher:
    """The way to one version of a model."""

    def __init__(self, version: ModelVersion, pools: Pools, random: Callable[[], float]) -> None:
        self._version = version
        self._random = random
        self._senders = Weighted(
            [TargetSender(target, pools, random) for target in version.targets],
            [target.weight for target in version.targets],
        )

    def send(self, receiver: Receiver, *, streams_body: bool) -> None:
        exchange = receiver.exchange
        exchange.model_version = self._version.name
        self._send_to_one(receiver, self._senders, framing_of(exchange, streams_body=streams_body), b"")

    def judge(self, receiver: Receiver, response: Response, *, can_resend: bool) -> tuple[Failure, GatewayError] | None:
        status = response.status
        if status in NOT_OUR_CREDENTIAL:
            return Failure.FINAL, ProviderAuthFailed("the provider refused the gateway's credential")
        if status in BUSY and can_resend and self._untried(receiver.exchange) is not None:
            return Failure.REJECTED, Overloaded("the provider is overloaded")
        return None

    def on_failure(
        self, connection: UpstreamConnection, receiver: Receiver, failure: Failure, error: GatewayError
    ) -> None:
        """Stale: the same target again. Unreachable or busy: another target. Else the receiver hears of it."""
        try:
            if self._goes_on(connection, receiver, failure):
                return
        except GatewayError:  # the others cannot take it, so the first failure is what counts
            pass
        except Exception:  # whatever it is, the receiver must hear of an end
            logger.exception("another attempt failed request_id=%s", receiver.exchange.id)
        receiver.on_failure(error)

    def _goes_on(self, connection: UpstreamConnection, receiver: Receiver, failure: Failure) -> bool:
        exchange, message = receiver.exchange, connection.message
        if failure is Failure.STALE:
            cluster = self._sender(exchange.target).target.cluster
            if may_resend(exchange, cluster):
                connection.home.connect().send(message, receiver, self)
                return True
        elif failure is not Failure.FINAL:
            others = self._untried(exchange)
            if others is not None:
                self._send_to_one(receiver, others, message[2], message[1])
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
        return _without(self._senders, {attempt.target for attempt in exchange.attempts})

    def _sender(self, name: str) -> TargetSender:
        return next(sender for sender in self._senders.items if sender.target.name == name)


def _without(senders: Weighted[TargetSender], names: Container[str]) -> Weighted[TargetSender] | None:
    return senders.without(lambda sender: sender.target.name in names)
