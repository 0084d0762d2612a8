"""The interface of a codec for calls with one short answer, which is no stream: embeddings, ranks, counts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from data_plane.codecs.client_api import Call
from data_plane.llm.failure import ProviderFailure
from data_plane.llm.loss import Losses
from data_plane.llm.traits import Traits

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")


@dataclass(frozen=True, slots=True)
class UnaryCodec(Generic[Asked, Answered]):
    """One wire API, as of `Codec`. `Asked` and `Answered` are the canonical request and answer of its family.

    `decode_response` and `encode_response` see the request too: answers leave out what was asked. A request has the
    `model`, which is the target's when it is encoded; an answer has `usage`, None where nobody tells.
    """

    api: str
    decode_request: Callable[[bytes, Call], Asked]
    encode_request: Callable[[Asked, Traits, Losses], bytes]
    decode_response: Callable[[bytes, Asked], Answered]
    encode_response: Callable[[Answered, Asked], bytes]
    decode_failure: Callable[[int, Mapping[bytes, bytes], bytes], ProviderFailure]
