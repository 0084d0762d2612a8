"""The interface of a codec: one wire API as pure functions between its bytes and the canonical model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from msgspec import Raw

from data_plane.codecs.client_api import Call
from data_plane.llm.events import Event
from data_plane.llm.failure import ProviderFailure
from data_plane.llm.loss import Losses
from data_plane.llm.request import GenerateRequest
from data_plane.llm.response import GenerateResponse
from data_plane.llm.traits import Traits


class Cutter(Protocol):
    """Cuts the bytes of a stream into the frames that the wire API's decoder takes."""

    def feed(self, data: bytes) -> list[bytes]:
        """Frames that are whole now."""

    def close(self) -> list[bytes]:
        """What is left at the end."""


class StreamDecoder(Protocol):
    """Of one streamed answer, as a provider sends it. A provider that breaks the API's rules ends in `Failed`."""

    def feed(self, frames: Sequence[bytes]) -> list[Event]:
        """What whole frames of the stream (SSE events with their blank line, or an API's own) say."""

    def close(self) -> list[Event]:
        """The provider has ended the stream: `Failed` unless it was whole."""


class StreamEncoder(Protocol):
    """Of one streamed answer, as a client's SDK expects it."""

    def feed(self, events: Sequence[Event]) -> list[bytes]:
        """Frames for the client, whole events of its API."""


@dataclass(frozen=True, slots=True)
class Codec:
    """One wire API.

    `decode_request` raises `BadRequest` for what the API itself would refuse, with the field's path; `decode_parsed`
    does the same for a body whose top level has been read already, and takes what it reads out of it. `encode_request`
    reports to `Losses` what it leaves out, by the client's field paths as far as they are known.
    `decode_response` and `decode_failure` never raise for what a provider may send but `InvalidUpstreamResponse`; and
    `encode_response` raises that for an end which is an error in the client's API: a malformed call of a tool.
    """

    api: str
    decode_request: Callable[[bytes, Call], GenerateRequest]
    decode_parsed: Callable[[dict[str, Raw], Call], GenerateRequest]
    encode_request: Callable[[GenerateRequest, Traits, Losses], bytes]
    decode_response: Callable[[bytes], GenerateResponse]
    encode_response: Callable[[GenerateResponse], bytes]
    decode_failure: Callable[[int, Mapping[bytes, bytes], bytes], ProviderFailure]
    stream_decoder: Callable[[], StreamDecoder]
    stream_encoder: Callable[[GenerateRequest], StreamEncoder]
