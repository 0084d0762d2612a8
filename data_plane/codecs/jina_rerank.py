"""Rerank as Jina words it; vLLM, SGLang, llama.cpp and Together do likewise.

Sources: api.jina.ai/redoc, docs.vllm.ai (`/v1/rerank`), docs.together.ai/reference/rerank (2026-11).
"""

import msgspec

from data_plane.codecs import rank_fields
from data_plane.codecs.client_api import Call
from data_plane.codecs.json_fields import decode_fields
from data_plane.codecs.json_reader import UNREADABLE, JsonReader, Unreadable
from data_plane.codecs.openai_chat import usage as usage_of
from data_plane.errors import BadRequest, InvalidUpstreamResponse
from data_plane.llm.loss import Losses
from data_plane.llm.ranking import Ranking, RankRequest
from data_plane.llm.traits import Traits
from data_plane.usage import Usage

API = "jina-rerank"
SCORE = "relevance_score"

_encode = msgspec.json.Encoder().encode


def decode_request(body: bytes, call: Call) -> RankRequest:
    """What a client asks for. Documents are told again unless it does not want that.

    Raises:
        BadRequest: the API would refuse it; the text names the field.
    """
    try:
        reader = JsonReader(decode_fields(body))
        request = rank_fields.decode_request(reader, API, call)
        returns = reader.flag("return_documents")
        request.returns_documents = returns is not False
        request.extras = reader.rest()
        return request
    except Unreadable as error:
        raise BadRequest(str(error)) from None


def encode_request(request: RankRequest, traits: Traits, losses: Losses) -> bytes:
    """The body that asks a provider for this. Documents need not come back: the client's own are told again."""
    body: dict[str, object] = {
        "model": request.model,
        "query": request.query,
        "documents": request.documents,
        "return_documents": False,
    }
    if request.top_n is not None:
        body["top_n"] = request.top_n
    if request.max_tokens_per_document is not None:
        losses.drop("max_tokens_per_doc")
    if request.api == API:
        body.update(request.extras)
    else:
        losses.drop_all(request.extras)
    return _encode(body)


def decode_response(body: bytes, request: RankRequest) -> Ranking:
    """What a provider answers.

    Raises:
        InvalidUpstreamResponse: it is no answer of this API, or none to this request.
    """
    try:
        reader = JsonReader.of(body)
        counted = reader.raw("usage")
        return Ranking(
            results=rank_fields.decode_results(list(reader.objects("results")), SCORE, request),
            id=reader.text("id"),
            model=reader.text("model"),
            usage=None if counted is None else _decode_usage(bytes(counted)),
        )
    except Unreadable as error:
        raise InvalidUpstreamResponse(f"the upstream's answer cannot be read: {error}") from None


def encode_response(answer: Ranking, request: RankRequest) -> bytes:
    """The answer for a client. Clients read `usage` in any case: it is zero where nobody knows."""
    usage = answer.usage or Usage()
    tokens = usage.input_uncached + usage.cache_read
    return _encode(
        {
            "id": answer.id,
            "object": "rerank",
            "model": answer.model or request.model,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
            "results": rank_fields.encode_results(answer.results, request),
        }
    )


def _decode_usage(written: bytes) -> Usage:
    try:
        return usage_of(None, written)
    except UNREADABLE:
        raise Unreadable("`usage` must be numbers of tokens") from None
