"""Sends exchanges to a model: to a version, there to a target, and to others where that one cannot serve."""

import logging
from collections.abc import Callable, Container

import msgspec

from data_plane.errors import GatewayError, Overloaded, ProviderAuthFailed
from data_plane.exchange import Exchange, Response
from data_plane.pipeline.sides import Receiver
from data_plane.upstream.cluster import ModelVersion, Target
from data_plane.upstream.connection import UpstreamConnection
from data_plane.upstream.endpoints import Endpoints
from data_plane.upstream.message import WHOLE, BodyFraming
from data_plane.upstream.owner import Failure
from data_plane.upstream.pool import Pools
from data_plane.upstream.request_head import (
    NOT_FORWARDED_TO_PROVIDERS,
    changed_key,
    encode_message,
    forwarded_fields,
    remember,
    streamed_framing,
)
from data_plane.upstream.resend import MAX_TRIES, may_resend
from data_plane.upstream.response_head import DROPPED_OF_PROVIDERS
from data_plane.upstream.version_choice import VersionChoice
from data_plane.upstream.weighted import Weighted

logger = logging.getLogger(__name__)

NOT_OUR_CREDENTIAL = frozenset((401, 402, 403))  # the client's own credential has nothing to do with these
BUSY = frozenset((429, 503, 529))
READABLE = b"accept-encoding: identity\r\n"  # else neither usage nor content could be read

_encode = msgspec.json.Encoder().encode


class ModelDispatcher:
    """The way to one model with several versions."""

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

    __slots__ = ("_credentials", "_endpoints", "_model", "_names", "_provider_name", "target")

    def __init__(self, target: Target, pools: Pools, random: Callable[[], float]) -> None:
        self.target = target
        self._provider_name = target.provider.name
        self._model = {"model": target.model_json}
        self._endpoints = Endpoints(target.cluster, pools, random, drops=DROPPED_OF_PROVIDERS)
        self._credentials: dict[str, bytes] = {}  # by client API
        # By the fields that the provider sets, which are nearly always the same: their names, and all not forwarded.
        self._names: dict[bytes, tuple[frozenset[bytes], frozenset[bytes]]] = {}

    def send(self, receiver: Receiver, owner: "VersionDispatcher", framing: BodyFraming, waiting: bytes) -> None:
        """Send an exchange. `waiting`: what has come of a body that is not `WHOLE`.

        Raises:
            GatewayError: this target cannot take it. Nothing has been sent.
        """
        exchange = receiver.exchange
        memo = exchange.request.memo
        if memo is None:
            beginning = self._beginning(exchange)
        else:
            key: object = self
            if exchange.request_headers or exchange.removed_headers:
                key = changed_key(self, exchange)
            known = memo.forwarded.get(key)
            if known is None:
                known = self._beginning(exchange)
                remember(memo, key, known)
            beginning = known
        if framing is WHOLE:
            fields = exchange.fields
            if fields is None:
                waiting = exchange.request.body
            else:
                waiting = _encode(fields | self._model if "model" in fields else fields)
        message = encode_message(exchange, beginning, self._credentials[exchange.api], framing, waiting)
        connection = self._endpoints.choose().acquire()
        exchange.target = self.target.name
        exchange.provider = self._provider_name
        connection.send(message, receiver, owner)

    def _beginning(self, exchange: Exchange) -> bytes:
        """The part of the head that follows from the client's, and from policies. Holds no credential.

        What the provider sets goes before what clients or policies send under the same name.
        """
        provider = self.target.provider
        path = provider.path(exchange, self.target.model)
        fields = provider.fields(exchange) + READABLE
        credential = self._credentials.get(exchange.api)
        if credential is None:
            credential = self._credentials[exchange.api] = provider.credential(exchange)
            self._names.clear()
        found = self._names.get(fields)
        if found is None:
            lines = (fields + b"".join(self._credentials.values())).split(b"\r\n")
            names = frozenset([line.partition(b":")[0].lower() for line in lines if line])
            found = self._names[fields] = (names, NOT_FORWARDED_TO_PROVIDERS | names)
        forwarded = forwarded_fields(exchange, found[1], found[0])
        return b"%b %b HTTP/1.1\r\n%b%b" % (exchange.request.method, path, fields, forwarded)


class VersionDispatcher:
    """The way to one version of a model."""

    def __init__(self, version: ModelVersion, pools: Pools, random: Callable[[], float]) -> None:
        self._name = version.name
        self._random = random
        self._senders = Weighted(
            [TargetSender(target, pools, random) for target in version.targets],
            [target.weight for target in version.targets],
        )
        senders = self._senders.items
        self._only = senders[0] if len(senders) == 1 else None

    def send(self, receiver: Receiver, *, streams_body: bool) -> None:
        exchange = receiver.exchange
        exchange.model_version = self._name
        framing = streamed_framing(exchange) if streams_body else WHOLE
        if self._only is not None:
            self._only.send(receiver, self, framing, b"")
        else:
            self._send_to_one(receiver, self._senders, framing, b"")

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
