"""A request to count tokens, as one to generate: without what has no tokens, so that nobody is asked to drop it."""

from collections.abc import Collection

import msgspec
from msgspec import Raw

from data_plane.codecs.json_reader import JsonReader, Unreadable
from data_plane.errors import InvalidUpstreamResponse
from data_plane.llm.request import GenerateRequest, Sampling
from data_plane.llm.token_count import TokenCount, TokenCountRequest

_encode = msgspec.json.Encoder().encode
_object = msgspec.json.Decoder(dict[str, Raw]).decode


def countable(request: TokenCountRequest) -> GenerateRequest:
    """For the model that is asked: nothing that shapes the answer only."""
    return msgspec.structs.replace(
        request.content,
        model=request.model,
        max_output_tokens=None,
        stop=(),
        candidates=1,
        sampling=Sampling(),
        stream=False,
        end_user="",
        metadata={},
        service_tier="",
        store=None,
    )


def only(body: bytes, names: Collection[str]) -> dict[str, Raw]:
    """Those fields of a request to generate that one to count has."""
    return {name: raw for name, raw in _object(body).items() if name in names}


def encode_fields(fields: object) -> bytes:
    return _encode(fields)


def decode_count(body: bytes, name: str) -> TokenCount:
    """Of an answer that says it in one field.

    Raises:
        InvalidUpstreamResponse: it says something else.
    """
    try:
        reader = JsonReader.of(body)
        tokens = reader.integer(name)
        if tokens is None or tokens < 0:
            raise Unreadable(f"`{name}` must be a number of tokens")
        return TokenCount(tokens)
    except Unreadable as error:
        raise InvalidUpstreamResponse(f"the upstream's answer cannot be read: {error}") from None
