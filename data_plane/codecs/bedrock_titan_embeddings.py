"""Amazon Titan's models that embed text, as Bedrock's InvokeModel has them.

Source: docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html and -titan-embed-mm.html
(2026-11).
"""

import msgspec

from data_plane.codecs.json_reader import JsonReader, Unreadable
from data_plane.codecs.vector import decode_numbers
from data_plane.errors import InvalidUpstreamResponse
from data_plane.llm.embedding import (
    Embeddings,
    EmbedRequest,
    beside,
    dimensions_field,
    drop_titles,
    only_text,
    task_word,
)
from data_plane.llm.loss import Losses
from data_plane.llm.traits import Traits
from data_plane.usage import Usage

API = "bedrock-titan-embeddings"
MULTIMODAL = "titan-embed-image"
ONE_SIZE = ("titan-embed-text-v1", "titan-embed-g1")

_encode = msgspec.json.Encoder().encode


def encode_request(request: EmbedRequest, traits: Traits, losses: Losses) -> bytes:
    """The body that asks a provider for this. The model is named by the path."""
    body: dict[str, object] = {"inputText": only_text(request)}
    if request.dimensions is not None:
        if MULTIMODAL in request.model:
            body["embeddingConfig"] = {"outputEmbeddingLength": request.dimensions}
        elif any(name in request.model for name in ONE_SIZE):
            losses.drop(dimensions_field(request))
        else:
            body["dimensions"] = request.dimensions
    if request.truncates:
        losses.drop(beside(request.inputs[0], "autoTruncate"))  # here, what is too long is an error
    task_word(request, {}, losses)
    drop_titles(request, losses)
    losses.drop_all(request.extras)
    return _encode(body)


def decode_response(body: bytes, request: EmbedRequest) -> Embeddings:
    """What a provider answers.

    Raises:
        InvalidUpstreamResponse: it is no answer of this API.
    """
    try:
        reader = JsonReader.of(body)
        vector = decode_numbers(reader.raw("embedding"), "embedding")
        tokens = reader.integer("inputTextTokenCount")
        usage = None if tokens is None else Usage(input_uncached=max(0, tokens))
        return Embeddings([vector], usage=usage)
    except Unreadable as error:
        raise InvalidUpstreamResponse(f"the upstream's answer cannot be read: {error}") from None
