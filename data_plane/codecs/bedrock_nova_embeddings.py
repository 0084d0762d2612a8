"""Amazon Nova's model that embeds, as Bedrock's InvokeModel has it.

Source: docs.aws.amazon.com/nova/latest/userguide/embeddings-schema.html (2026-11).
"""

from collections.abc import Mapping

import msgspec

from data_plane.codecs.json_reader import JsonReader, Unreadable
from data_plane.codecs.vector import decode_numbers
from data_plane.errors import InvalidUpstreamResponse
from data_plane.llm.embedding import Embeddings, EmbedRequest, EmbedTask, drop_titles, only_text, task_word
from data_plane.llm.loss import Losses
from data_plane.llm.traits import Traits

API = "bedrock-nova-embeddings"
PURPOSES: Mapping[EmbedTask, str] = {
    EmbedTask.QUERY: "GENERIC_RETRIEVAL",
    EmbedTask.DOCUMENT: "GENERIC_INDEX",
    EmbedTask.CLASSIFICATION: "CLASSIFICATION",
    EmbedTask.CLUSTERING: "CLUSTERING",
}
DEFAULT_PURPOSE = "GENERIC_INDEX"  # the API requires one, and OpenAI's clients have no word for it

_encode = msgspec.json.Encoder().encode


def encode_request(request: EmbedRequest, traits: Traits, losses: Losses) -> bytes:
    """The body that asks a provider for this. The model is named by the path."""
    parameters: dict[str, object] = {
        "embeddingPurpose": task_word(request, PURPOSES, losses) or DEFAULT_PURPOSE,
        "text": {"truncationMode": "NONE" if request.truncates is False else "END", "value": only_text(request)},
    }
    if request.dimensions is not None:
        parameters["embeddingDimension"] = request.dimensions
    drop_titles(request, losses)
    losses.drop_all(request.extras)
    return _encode({"taskType": "SINGLE_EMBEDDING", "singleEmbeddingParams": parameters})


def decode_response(body: bytes, request: EmbedRequest) -> Embeddings:
    """What a provider answers; tokens it tells in a header only.

    Raises:
        InvalidUpstreamResponse: it is no answer of this API, or none to this request.
    """
    try:
        found = list(JsonReader.of(body).objects("embeddings"))
        if len(found) != 1:
            raise Unreadable("`embeddings` must have one vector")
        return Embeddings([decode_numbers(found[0].raw("embedding"), found[0].at("embedding"))])
    except Unreadable as error:
        raise InvalidUpstreamResponse(f"the upstream's answer cannot be read: {error}") from None
