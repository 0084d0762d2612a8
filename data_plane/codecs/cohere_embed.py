"""Cohere's Embed v2, also as Bedrock hosts it.

Sources: docs.cohere.com/reference/embed, and "Cohere Embed v3" and "v4" of Bedrock's user guide (2026-11).
"""

import re
from collections.abc import Mapping

import msgspec

from data_plane.codecs.cohere_meta import read_meta
from data_plane.codecs.json_reader import JsonReader, Unreadable
from data_plane.codecs.vector import decode_numbers
from data_plane.errors import InvalidUpstreamResponse
from data_plane.llm.embedding import (
    Embeddings,
    EmbedRequest,
    EmbedTask,
    dimensions_field,
    drop_titles,
    only_texts,
    task_word,
)
from data_plane.llm.loss import Losses
from data_plane.llm.traits import Traits

API = "cohere-embed"
BEDROCK_API = "bedrock-cohere-embeddings"
TASKS: Mapping[EmbedTask, str] = {
    EmbedTask.QUERY: "search_query",
    EmbedTask.DOCUMENT: "search_document",
    EmbedTask.CLASSIFICATION: "classification",
    EmbedTask.CLUSTERING: "clustering",
}
DEFAULT_TASK = "search_document"  # the API requires one, and OpenAI's clients have no word for it
OLDER = re.compile(r"-v[23]\b", re.ASCII)  # whose vectors have one size

_encode = msgspec.json.Encoder().encode


def encode_request(request: EmbedRequest, traits: Traits, losses: Losses) -> bytes:
    """The body that asks Cohere for this."""
    return _encode({"model": request.model, **_body(request, losses)})


def encode_bedrock(request: EmbedRequest, traits: Traits, losses: Losses) -> bytes:
    """The body that asks Bedrock for this, where the path names the model."""
    return _encode(_body(request, losses))


def decode_response(body: bytes, request: EmbedRequest) -> Embeddings:
    """What a provider answers. Bedrock tells tokens in a header only.

    Raises:
        InvalidUpstreamResponse: it is no answer of this API, or none to this request.
    """
    try:
        reader = JsonReader.of(body)
        embeddings = reader.required_object("embeddings")
        found = embeddings.array("float")
        if len(found) != len(request.inputs):
            raise Unreadable(f"`embeddings.float` must have one vector for each of the {len(request.inputs)} inputs")
        vectors = [decode_numbers(each, f"embeddings.float[{at}]") for at, each in enumerate(found)]
        return Embeddings(vectors, id=reader.text("id"), usage=read_meta(reader.object("meta"))[0])
    except Unreadable as error:
        raise InvalidUpstreamResponse(f"the upstream's answer cannot be read: {error}") from None


def _body(request: EmbedRequest, losses: Losses) -> dict[str, object]:
    """Unless told otherwise, the API cuts texts that are too long."""
    body: dict[str, object] = {
        "texts": only_texts(request),
        "input_type": task_word(request, TASKS, losses) or DEFAULT_TASK,
        "embedding_types": ["float"],
    }
    if request.truncates is False:
        body["truncate"] = "NONE"
    if request.dimensions is not None:
        if OLDER.search(request.model):
            losses.drop(dimensions_field(request))
        else:
            body["output_dimension"] = request.dimensions
    drop_titles(request, losses)
    losses.drop_all(request.extras)
    return body
