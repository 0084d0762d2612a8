"""Cohere's Rerank v2, also as Bedrock hosts it.

Sources: docs.cohere.com/reference/rerank, and "Rerank 3.5" of Bedrock's user guide (2026-11).
"""

import msgspec

from data_plane.codecs import rank_fields
from data_plane.codecs.client_api import Call
from data_plane.codecs.cohere_meta import read_meta
from data_plane.codecs.json_fields import decode_fields
from data_plane.codecs.json_reader import JsonReader, Unreadable
from data_plane.errors import BadRequest, InvalidUpstreamResponse
from data_plane.llm.loss import Losses
from data_plane.llm.ranking import Ranking, RankRequest
from data_plane.llm.traits import Traits

API = "cohere-rerank"
BEDROCK_API = "bedrock-cohere-rerank"
BEDROCK_VERSION = 2  # of Cohere's API; without it, a model takes version 1
META = {"api_version": {"version": "2"}}
SCORE = "relevance_score"

_encode = msgspec.json.Encoder().encode


def decode_request(body: bytes, call: Call) -> RankRequest:
    """What a client asks for.

    Raises:
        BadRequest: the API would refuse it; the text names the field.
    """
    try:
        reader = JsonReader(decode_fields(body))
        request = rank_fields.decode_request(reader, API, call)
        request.returns_documents = reader.flag("return_documents") or False
        request.extras = reader.rest()
        return request
    except Unreadable as error:
        raise BadRequest(str(error)) from None


def encode_request(request: RankRequest, traits: Traits, losses: Losses) -> bytes:
    """The body that asks Cohere for this."""
    own = request.extras if request.api == API else {}
    if not own:
        losses.drop_all(request.extras)
    return _encode({"model": request.model, **_body(request), **own})


def encode_bedrock(request: RankRequest, traits: Traits, losses: Losses) -> bytes:
    """The body that asks Bedrock for this, where the path names the model. It refuses fields that it does not know."""
    losses.drop_all(request.extras)
    return _encode({**_body(request), "api_version": BEDROCK_VERSION})


def decode_response(body: bytes, request: RankRequest) -> Ranking:
    """What a provider answers.

    Raises:
        InvalidUpstreamResponse: it is no answer of this API, or none to this request.
    """
    try:
        reader = JsonReader.of(body)
        usage, units = read_meta(reader.object("meta"))
        return Ranking(
            results=rank_fields.decode_results(list(reader.objects("results")), SCORE, request),
            id=reader.text("id"),
            search_units=units,
            usage=usage,
        )
    except Unreadable as error:
        raise InvalidUpstreamResponse(f"the upstream's answer cannot be read: {error}") from None


def encode_response(answer: Ranking, request: RankRequest) -> bytes:
    """The answer for a client."""
    meta: dict[str, object] = dict(META)
    if answer.search_units is not None:
        meta["billed_units"] = {"search_units": answer.search_units}
    if answer.usage is not None:
        meta["tokens"] = {"input_tokens": answer.usage.input_uncached + answer.usage.cache_read}
    body: dict[str, object] = {"id": answer.id} if answer.id else {}
    return _encode({**body, "results": rank_fields.encode_results(answer.results, request), "meta": meta})


def _body(request: RankRequest) -> dict[str, object]:
    body: dict[str, object] = {"query": request.query, "documents": request.documents}
    if request.top_n is not None:
        body["top_n"] = min(request.top_n, len(request.documents))
    if request.max_tokens_per_document is not None:
        body["max_tokens_per_doc"] = request.max_tokens_per_document
    return body
