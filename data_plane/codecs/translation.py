"""One exchange between two wire APIs: a client's request in a provider's words, and the answer in the client's.

Between the two lies the canonical request: decoded once, encoded for each target that is tried.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
from msgspec import Raw

from data_plane.codecs.account_state import BOUND_APIS, bind, bound, release
from data_plane.codecs.client_api import Call
from data_plane.codecs.codec import Codec, Cutter, StreamDecoder, StreamEncoder
from data_plane.codecs.failure_error import error_of
from data_plane.codecs.openai_failure import kind_of_words
from data_plane.codecs.table import CODECS, UNARY
from data_plane.codecs.unary import UnaryCodec
from data_plane.errors import GatewayError, InvalidUpstreamResponse, UnmappableApi, UpstreamCutShort
from data_plane.llm.events import CandidateEnded, Delta, Ended, Failed, PartStarted, Started, UsageKnown
from data_plane.llm.failure import ProviderFailure
from data_plane.llm.loss import Losses
from data_plane.llm.traits import Traits
from data_plane.usage import Usage

MAX_KEPT_BYTES = 64 * 1024  # of a stream without content: what opens it, and signs of life; beyond, it begins
MAX_TEXT_BYTES = 8 * 1024  # that are kept to be counted, should the provider never say what it has written
# What decoders say of a stream that is none, by their codes.
OWN_ERRORS: Mapping[str, type[GatewayError]] = {
    UpstreamCutShort.code: UpstreamCutShort,
    InvalidUpstreamResponse.code: InvalidUpstreamResponse,
}


@dataclass(frozen=True, slots=True)
class Fallback:
    """What an answer has for what its body does not say. `created`: seconds since 1970. `usage`: of the head.

    `account`: whose state it holds, as `account_of` has it.
    """

    id: str
    model: str
    created: int
    usage: Usage | None = None
    account: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a request is to be worded for one target: `model` is the provider's name for it; `account` as above."""

    model: str
    traits: Traits
    is_lossy: bool = False
    account: str = ""


class Translation(Protocol):
    """Between the same two wire APIs, of any number of exchanges."""

    def decode(self, body: bytes, fields: dict[str, Raw] | None, call: Call) -> Any:
        """The canonical request. It is not changed by what follows. `fields`: the top level of the body, if it is read.

        Raises:
            BadRequest: the client's API would refuse it.
        """

    def encode(self, request: Any, wanted: Wanted) -> tuple[bytes, tuple[str, ...]]:
        """The body for the provider, and what it leaves out: paths of fields as the client wrote them.

        Raises:
            UnmappableFields: something has no equivalent, and must not be left out.
        """

    def answer(self, body: bytes, request: Any, fallback: Fallback) -> tuple[bytes, Usage | None]:
        """A whole answer, for the client.

        Raises:
            InvalidUpstreamResponse: it is none of the provider's API.
        """

    def failure(self, status: int, headers: Mapping[bytes, bytes], body: bytes) -> GatewayError:
        """What the client is told of an error that the provider has answered with."""

    def stream(self, request: Any, fallback: Fallback, cutter: Cutter) -> "StreamTranslation":
        """Of one streamed answer, which `cutter` cuts into frames.

        Raises:
            InvalidUpstreamResponse: such answers are never streamed.
        """


class GenerateTranslation:
    """Of requests to generate. Implements `Translation`."""

    __slots__ = ("_client", "_is_bound", "_target")

    def __init__(self, client: Codec, target: Codec) -> None:
        self._client = client
        self._target = target
        self._is_bound = target.api in BOUND_APIS

    def decode(self, body: bytes, fields: dict[str, Raw] | None, call: Call) -> Any:
        return (
            self._client.decode_request(body, call) if fields is None else self._client.decode_parsed({**fields}, call)
        )

    def encode(self, request: Any, wanted: Wanted) -> tuple[bytes, tuple[str, ...]]:
        losses = Losses()
        if self._is_bound:
            request = release(request, self._target.api, wanted.account)
        body = self._target.encode_request(msgspec.structs.replace(request, model=wanted.model), wanted.traits, losses)
        losses.check(is_allowed=wanted.is_lossy)
        return body, tuple(losses.fields)

    def answer(self, body: bytes, request: Any, fallback: Fallback) -> tuple[bytes, Usage | None]:
        response = self._target.decode_response(body)
        response.id = response.id or fallback.id
        response.model = response.model or fallback.model
        response.created = response.created or fallback.created
        if self._is_bound and self._client is not self._target:
            bind(response, self._target.api, fallback.account)
        return self._client.encode_response(response), response.usage

    def failure(self, status: int, headers: Mapping[bytes, bytes], body: bytes) -> GatewayError:
        return error_of(self._target.decode_failure(status, headers, body))

    def stream(self, request: Any, fallback: Fallback, cutter: Cutter) -> "StreamTranslation":
        decoder, encoder = self._target.stream_decoder(), self._client.stream_encoder(request)
        is_bound = self._is_bound and self._client is not self._target
        return StreamTranslation(cutter, decoder, encoder, fallback, is_bound=is_bound)


class UnaryTranslation:
    """Of requests whose answer is no stream. Implements `Translation`."""

    __slots__ = ("_client", "_target")

    def __init__(self, client: UnaryCodec[Any, Any], target: UnaryCodec[Any, Any]) -> None:
        self._client = client
        self._target = target

    def decode(self, body: bytes, fields: dict[str, Raw] | None, call: Call) -> Any:
        return self._client.decode_request(body, call)

    def encode(self, request: Any, wanted: Wanted) -> tuple[bytes, tuple[str, ...]]:
        losses = Losses()
        body = self._target.encode_request(msgspec.structs.replace(request, model=wanted.model), wanted.traits, losses)
        losses.check(is_allowed=wanted.is_lossy)
        return body, tuple(losses.fields)

    def answer(self, body: bytes, request: Any, fallback: Fallback) -> tuple[bytes, Usage | None]:
        answer = self._target.decode_response(body, request)
        answer.id = answer.id or fallback.id
        answer.model = answer.model or fallback.model
        answer.usage = answer.usage or fallback.usage
        return self._client.encode_response(answer, request), answer.usage

    def failure(self, status: int, headers: Mapping[bytes, bytes], body: bytes) -> GatewayError:
        return error_of(self._target.decode_failure(status, headers, body))

    def stream(self, request: Any, fallback: Fallback, cutter: Cutter) -> "StreamTranslation":
        raise InvalidUpstreamResponse("the provider streams an answer that is none")


class StreamTranslation:
    """Of one streamed answer. `usage` is the last that was told; `error` says why the stream broke off, if it did.

    `has_content`: something has come that the client shall see, the end among it. Until then frames are kept, so that
    an answer that fails at its start is an ordinary error. `is_whole`: it has ended as its API wants it.
    `text_bytes`: of all that was generated; `text` is as much of it as is kept to be counted.
    """

    __slots__ = (
        "_cutter",
        "_decoder",
        "_encoder",
        "_fallback",
        "_is_bound",
        "_kept",
        "error",
        "has_content",
        "is_whole",
        "text",
        "text_bytes",
        "usage",
    )

    def __init__(
        self,
        cutter: Cutter,
        decoder: StreamDecoder,
        encoder: StreamEncoder,
        fallback: Fallback,
        *,
        is_bound: bool = False,
    ) -> None:
        """`is_bound`: the answer's state is the account's alone."""
        self._cutter = cutter
        self._decoder = decoder
        self._encoder = encoder
        self._fallback = fallback
        self._is_bound = is_bound
        self._kept = b""
        self.is_whole = False
        self.text: list[str] = []
        self.text_bytes = 0
        self.error: GatewayError | None = None
        self.has_content = False
        self.usage: Usage | None = None

    def feed(self, data: bytes) -> bytes:
        """What may go to the client, for more of the provider's bytes. Nothing more is to be fed after an `error`.

        Raises:
            GatewayError: the stream cannot be cut into frames.
        """
        frames = self._cutter.feed(data)
        return self._encode(self._decoder.feed(frames)) if frames else b""

    def close(self) -> bytes:
        """The provider has ended: `error` is set if its stream was not whole.

        Raises:
            GatewayError: as `feed`.
        """
        rest = self._cutter.close()
        out = self._encode(self._decoder.feed(rest)) if rest else b""
        return out if self.error is not None else out + self._encode(self._decoder.close())

    def _encode(self, events: Sequence[Any]) -> bytes:
        for place, event in enumerate(events):
            if isinstance(event, Delta):
                self._note(event.text)
            elif isinstance(event, (PartStarted, CandidateEnded)):
                self.has_content = True
            elif isinstance(event, Ended):
                self.has_content = self.is_whole = True
            elif isinstance(event, UsageKnown):
                self.usage = event.usage
            elif isinstance(event, Started):
                self._begin(event)
            elif isinstance(event, Failed):
                return self._fail(events[:place], event)
        return self._release(self._encoder.feed(events))

    def _note(self, text: str) -> None:
        if self.text_bytes <= MAX_TEXT_BYTES:
            self.text.append(text)
        self.text_bytes += len(text) if text.isascii() else len(text.encode(errors="replace"))

    def _begin(self, event: Started) -> None:
        fallback = self._fallback
        event.id = event.id or fallback.id
        event.model = event.model or fallback.model
        event.created = event.created or fallback.created
        if self._is_bound:
            event.api = bound(event.api, fallback.account)
        if event.usage is not None:
            self.usage = event.usage

    def _fail(self, before: Sequence[Any], failed: Failed) -> bytes:
        """What came before goes out as ever; the failure itself is told by whoever ends the stream."""
        data = self._release(self._encoder.feed(before))
        error = self.error = _error_of_stream(failed)
        if self.has_content:
            error.event = b"".join(self._encoder.feed((failed,)))
        return data

    def event_of(self, error: GatewayError) -> bytes:
        """How the client's stream says that it broke off, where it was not the provider that said so."""
        if error.event:
            return error.event
        return b"".join(self._encoder.feed((Failed(error.status, error.code, error.message),)))

    def _release(self, frames: list[bytes]) -> bytes:
        data = b"".join(frames)
        if not self.has_content and len(self._kept) + len(data) <= MAX_KEPT_BYTES:
            self._kept += data
            return b""
        self.has_content = True
        data, self._kept = self._kept + data, b""
        return data


def _error_of_stream(failed: Failed) -> GatewayError:
    own = OWN_ERRORS.get(failed.code)
    if own is not None:
        return own(failed.message)
    status = failed.status if failed.status >= 400 else 500
    kind = kind_of_words(status, failed.code, failed.message)
    return error_of(ProviderFailure(status, kind, failed.message, failed.code))


def find_translation(client_wire: str, target_wire: str) -> Translation:
    """The translation between two wire APIs.

    Raises:
        UnmappableApi: there is none.
    """
    client, target = CODECS.get(client_wire), CODECS.get(target_wire)
    if client is not None and target is not None:
        return GenerateTranslation(client, target)
    one, other = UNARY.get(client_wire), UNARY.get(target_wire)
    if one is not None and other is not None:
        return UnaryTranslation(one, other)
    raise UnmappableApi(f"there is no translation from {client_wire or 'this API'} to {target_wire}")
