"""Vertex AI's `:predict` of models that embed text.

Source: cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api (2026-11).
"""

import msgspec

from data_plane.codecs.gemini_embeddings import TASK_WORDS
from data_plane.codecs.json_reader import JsonReader, Unreadable
from data_plane.codecs.vector import decode_numbers
from data_plane.errors import InvalidUpstreamResponse
from data_plane.llm.embedding import Embeddings, EmbedRequest, only_texts
from data_plane.llm.loss import Losses
from data_plane.llm.traits import Traits
from data_plane.usage import Usage

API = "vertex-predict-embeddings"

_encode = msgspec.json.Encoder().encode


def encode_request(request: EmbedRequest, traits: Traits, losses: Losses) -> bytes:
    """The body that asks a provider for this. The model is named by the path. Unless told otherwise, it cuts texts."""
    instances: list[dict[str, object]] = []
    for each, text in zip(request.inputs, only_texts(request), strict=True):
        instance: dict[str, object] = {"content": text}
        if each.task is not None:
            instance["task_type"] = TASK_WORDS[each.task]
        if each.title:
            instance["title"] = each.title
        instances.append(instance)
    body: dict[str, object] = {"instances": instances}
    parameters: dict[str, object] = {}
    if request.truncates is not None:
        parameters["autoTruncate"] = request.truncates
    if request.dimensions is not None:
        parameters["outputDimensionality"] = request.dimensions
    if parameters:
        body["parameters"] = parameters
    losses.drop_all(request.extras)
    return _encode(body)


def decode_response(body: bytes, request: EmbedRequest) -> Embeddings:
    """What a provider answers.

    Raises:
        InvalidUpstreamResponse: it is no answer of this API, or none to this request.
    """
    try:
        found = [each.required_object("embeddings") for each in JsonReader.of(body).objects("predictions")]
        if len(found) != len(request.inputs):
            raise Unreadable(f"`predictions` must have one vector for each of the {len(request.inputs)} inputs")
        return Embeddings(
            [decode_numbers(each.raw("values"), each.at("values")) for each in found], usage=_count(found)
        )
    except Unreadable as error:
        raise InvalidUpstreamResponse(f"the upstream's answer cannot be read: {error}") from None


def _count(found: list[JsonReader]) -> Usage | None:
    """Of all; None where one does not say. Tokens are floating-point numbers here."""
    tokens = 0.0
    for each in found:
        statistics = each.object("statistics")
        count = statistics.number("token_count") if statistics is not None else None
        if count is None or count < 0:
            return None
        tokens += count
    return Usage(input_uncached=round(tokens))
