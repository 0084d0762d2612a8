"""Puts exchanges into the words of one target's provider, and its answers into the client's."""

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, cast

import msgspec
from msgspec import Raw

from data_plane.codecs.account_state import account_of
from data_plane.codecs.client_api import GEMINI, Api, Call
from data_plane.codecs.foreign_state import may_have_foreign_state
from data_plane.codecs.translation import Translation, Wanted, find_translation
from data_plane.codecs.wire import COUNT, FAMILIES, GENERATE
from data_plane.errors import GatewayError
from data_plane.exchange import Exchange
from data_plane.pipeline.framing import encode_chunk
from data_plane.pipeline.sides import Receiver
from data_plane.providers.credential import Outgoing
from data_plane.providers.provider import Way
from data_plane.providers.surface import Asked
from data_plane.upstream.cluster import Target
from data_plane.upstream.credential_wait import CredentialWait
from data_plane.upstream.credentials import Credentials
from data_plane.upstream.endpoints import Endpoints
from data_plane.upstream.message import CHUNKED, WHOLE, BodyFraming
from data_plane.upstream.owner import Owner
from data_plane.upstream.pool import Pools
from data_plane.upstream.reframing import Reframing
from data_plane.upstream.request_head import (
    NOT_FORWARDED_TO_PROVIDERS,
    changed_key,
    encode_message,
    forwarded_fields,
    neutral_fields,
    remember,
)
from data_plane.upstream.response_head import DROPPED_OF_PROVIDERS
from data_plane.upstream.translating import Answering, Translating

READABLE = b"accept-encoding: identity\r\n"  # else neither usage nor content could be read
ACCEPTS = {
    False: b"content-type: application/json\r\naccept: application/json\r\n",
    True: b"content-type: application/json\r\naccept: text/event-stream\r\n",
}

# Wire APIs whose requests may hold the state of an earlier answer: conversations.
CONVERSATIONS = frozenset(wire for wire, family in FAMILIES.items() if family in (GENERATE, COUNT))

_encode = msgspec.json.Encoder().encode
_decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode


class ModelOwner(Owner, Protocol):
    """Who sends exchanges to a model's targets."""

    def on_unproven(self, receiver: Receiver, content: tuple[BodyFraming, bytes], error: GatewayError) -> None:
        """There is no credential for the exchange's target: nothing has been sent."""


class WorkerParts:
    """What the senders of one worker share. `random` gives numbers from 0 to below 1, `wall_clock` seconds of 1970."""

    __slots__ = ("credentials", "pools", "random", "wall_clock")

    def __init__(
        self, pools: Pools, credentials: Credentials, random: Callable[[], float], wall_clock: Callable[[], float]
    ) -> None:
        self.pools = pools
        self.credentials = credentials
        self.random = random
        self.wall_clock = wall_clock


class _Path:
    """One way to the target, with what is the same for all exchanges that take it."""

    __slots__ = (
        "fields",
        "foreign",
        "is_conversation",
        "is_plain",
        "is_proven",
        "key",
        "lines",
        "names",
        "proven",
        "streaming_key",
        "translation",
        "way",
    )

    def __init__(self, way: Way, translation: Translation | None) -> None:
        self.way = way
        self.translation = translation
        self.key = object()  # by which memos know it
        self.streaming_key = object()
        self.is_conversation = translation is None and way.wire in CONVERSATIONS
        self.is_plain = way.surface.reframe is None and way.surface.decode_failure is None
        self.is_proven = False
        self.lines = b""  # of a credential that is the same for all
        self.proven: frozenset[bytes] = frozenset()  # names of the fields that hold the credential
        self.fields = b""
        self.names: frozenset[bytes] = frozenset()  # of all that the provider sets, as of `fields`
        self.foreign: _Path | None = None  # for requests that have another API's state in them


class TargetSender:
    """One target's. Ways are found once for each operation of a client's API."""

    __slots__ = ("_credential", "_endpoints", "_live", "_model", "_parts", "_paths", "_provider", "_wanted", "target")

    def __init__(self, target: Target, parts: WorkerParts, *, is_lossy: bool = False) -> None:
        """`is_lossy`: whether a translation may leave out what has no equivalent."""
        self.target = target
        self._wanted = Wanted(target.model, target.traits, is_lossy, account_of(target.provider.name))
        self._provider = target.provider
        self._model = {"model": target.model_json}
        self._endpoints = Endpoints(target.cluster, parts.pools, parts.random, drops=DROPPED_OF_PROVIDERS)
        self._live = parts.credentials.get(target.provider.credential)
        self._credential = self._live.credential
        self._parts = parts
        self._paths: dict[tuple[str, str], _Path] = {}

    @property
    def provider_name(self) -> str:
        return self._provider.name

    def send(self, receiver: Receiver, owner: ModelOwner, framing: BodyFraming, waiting: bytes) -> None:
        """Send an exchange. `waiting`: what has come of a body that is not `WHOLE`.

        Raises:
            GatewayError: this target cannot take it. Nothing has been sent.
        """
        exchange = receiver.exchange
        path = self._path(exchange)
        if path.translation is not None:
            receiver, waiting = self._translate(receiver, path, path.translation)
        elif framing is WHOLE:
            exchange.dropped = ()  # by a target that was tried before
            waiting = self._word(exchange, path) or waiting  # a streamed body may have come whole before it was sent
            if not path.is_plain:
                receiver = Reframing(receiver, path.way.surface)
        elif exchange.form is not None:
            exchange.form.is_streamed = True
            waiting = exchange.form.reworded(exchange.request.body, self.target.model)
            if framing is CHUNKED:
                waiting = encode_chunk(waiting, False)
        self._prove(receiver, owner, path, (framing, waiting))

    def refuse_key(self, exchange: Exchange, status: int, retry_after_seconds: float | None) -> bool:
        """The provider has refused the key of this exchange. Whether another one may do better."""
        return self._credential.refuse(exchange.credential_key, status, retry_after_seconds)

    def _path(self, exchange: Exchange) -> _Path:
        path = self._paths.get((exchange.api, exchange.operation))
        if path is None:
            way = self._find_way(exchange)
            translation = find_translation(way.client_wire, way.wire) if way.translates else None
            path = self._paths[exchange.api, exchange.operation] = _Path(way, translation)
        if path.is_conversation and may_have_foreign_state(path.way.wire, exchange.request.body):
            if path.foreign is None:
                path.foreign = _Path(path.way, find_translation(path.way.wire, path.way.wire))
            return path.foreign
        return path

    def _find_way(self, exchange: Exchange) -> Way:
        target = self.target
        reasons = not target.traits.takes_sampling
        return self._provider.way(exchange.api, exchange.operation, target.model, reasons=reasons)

    # The body.

    def _word(self, exchange: Exchange, path: _Path) -> bytes:
        """The body of a request in the provider's own API."""
        fields = exchange.fields
        if exchange.form is not None:
            return exchange.form.reworded(exchange.request.body, self.target.model)
        if fields is None:
            return exchange.request.body
        word = path.way.surface.word
        if word is not None:
            return _encode(word(fields, self._asked(exchange)))
        return _encode(fields | self._model if "model" in fields else fields)

    def _translate(self, receiver: Receiver, path: _Path, translation: Translation) -> tuple[Receiver, bytes]:
        exchange = receiver.exchange
        request = exchange.canonical
        if request is None:
            request = exchange.canonical = _decode(translation, exchange)
        wanted = self._wanted
        body, exchange.dropped = translation.encode(request, wanted)
        word = path.way.surface.word
        if word is not None:
            body = _encode(word(_decode_fields(body), Asked(self.target.model, exchange.stream)))
        answering = Answering(translation, request, wanted, path.way.surface)
        return Translating(receiver, answering, self._parts.wall_clock), body

    def _asked(self, exchange: Exchange) -> Asked:
        request = exchange.request
        return Asked(self.target.model, exchange.stream, exchange.api_path, request.query, request.headers)

    # The head.

    def _prove(self, receiver: Receiver, owner: ModelOwner, path: _Path, content: tuple[BodyFraming, bytes]) -> None:
        exchange = receiver.exchange
        framing, body = content
        lines = path.lines
        if not path.is_proven or not self._credential.is_fixed:
            proof = self._credential.prove(self._outgoing(exchange, path, body))
            if proof is None:
                self._wait(receiver, owner, path, content)
                return
            lines, exchange.credential_key = proof.lines, proof.key
            if not path.is_proven:
                path.is_proven, path.proven = True, _names(lines)
                path.lines = lines if self._credential.is_fixed else b""
        message = encode_message(exchange, self._beginning(exchange, path), lines, framing, body)
        connection = self._endpoints.choose().acquire()
        self.name_on(exchange)
        connection.send(message, receiver, owner)

    def name_on(self, exchange: Exchange) -> None:
        """This is where the exchange goes now."""
        target = self.target
        exchange.target = target.name
        exchange.provider = self._provider.name
        exchange.price = target.price

    def _wait(self, receiver: Receiver, owner: ModelOwner, path: _Path, content: tuple[BodyFraming, bytes]) -> None:
        """For a token. Without one, it counts as an attempt that has failed."""
        self.name_on(receiver.exchange)
        CredentialWait(
            self._credential,
            receiver,
            partial(self._prove, receiver, owner, path, content),
            partial(owner.on_unproven, receiver, content),
        )

    def _outgoing(self, exchange: Exchange, path: _Path, body: bytes) -> Outgoing:
        way, provider = path.way, self._provider
        target = provider.target(way, exchange, self.target.model)
        return Outgoing(exchange.request.method, provider.base.authority, target, body, way.surface.key_header)

    def _beginning(self, exchange: Exchange, path: _Path) -> bytes:
        """The part of the head that follows from the client's, and from policies. Holds no credential."""
        memo = exchange.request.memo
        if memo is None:
            return self._make_beginning(exchange, path)
        key = path.streaming_key if exchange.stream else path.key
        if exchange.request_headers or exchange.removed_headers:
            key = changed_key(key, exchange)
        known = memo.forwarded.get(key)
        if known is None:
            known = self._make_beginning(exchange, path)
            remember(memo, key, known)
        return known

    def _make_beginning(self, exchange: Exchange, path: _Path) -> bytes:
        """What the provider sets goes before what clients or policies send under the same name."""
        way, provider = path.way, self._provider
        target = provider.target(way, exchange, self.target.model)
        fields = provider.fields(way, exchange) + READABLE
        if path.translation is not None:
            fields += ACCEPTS[exchange.stream]
        if fields != path.fields:
            path.fields, path.names = fields, _names(fields) | path.proven
        if way.translates:
            forwarded = neutral_fields(exchange, path.names)
        else:
            forwarded = forwarded_fields(exchange, NOT_FORWARDED_TO_PROVIDERS | path.names, path.names)
        return b"%b %b HTTP/1.1\r\n%b%b" % (exchange.request.method, target, fields, forwarded)


def _names(lines: bytes) -> frozenset[bytes]:
    return frozenset([line.partition(b":")[0].lower() for line in lines.split(b"\r\n") if line])


def _decode(translation: Translation, exchange: Exchange) -> Any:
    """The canonical request, from what the client has sent."""
    asked = exchange.request
    call = Call(
        cast(Api, exchange.api),  # a client's API has led to the translation
        exchange.operation,
        exchange.api_path,
        model=exchange.model_requested,
        streams=exchange.stream,
    )
    request = translation.decode(asked.body, exchange.fields, call)
    if exchange.adds_usage:  # asked for by us: the client does not want to see it
        request.wants_usage = False
    if exchange.api == GEMINI and exchange.stream and b"alt=sse" not in asked.query:
        request.wants_array = True
    return request
