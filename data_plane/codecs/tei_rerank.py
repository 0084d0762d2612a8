"""Rerank of Text Embeddings Inference. Source: huggingface.github.io/text-embeddings-inference (2026-11)."""

import msgspec
from msgspec import Raw

from data_plane.codecs import rank_fields
from data_plane.codecs.json_reader import UNREADABLE, JsonReader, Unreadable
from data_plane.errors import InvalidUpstreamResponse
from data_plane.llm.loss import Losses
from data_plane.llm.ranking import Ranking, RankRequest
from data_plane.llm.traits import Traits

API = "tei-rerank"

_encode = msgspec.json.Encoder().encode
_array = msgspec.json.Decoder(list[Raw]).decode


def encode_request(request: RankRequest, traits: Traits, losses: Losses) -> bytes:
    """The body that asks a server for this: all results come, and it has one model. Others cut long documents."""
    if request.max_tokens_per_document is not None:
        losses.drop("max_tokens_per_doc")
    losses.drop_all(request.extras)
    return _encode({"query": request.query, "texts": request.documents, "truncate": True})


def decode_response(body: bytes, request: RankRequest) -> Ranking:
    """What a server answers. It tells no tokens.

    Raises:
        InvalidUpstreamResponse: it is no answer of this API, or none to this request.
    """
    try:
        entries = _array(body)
    except UNREADABLE:
        raise InvalidUpstreamResponse("the upstream's answer cannot be read: it must be an array") from None
    try:
        readers = [JsonReader.of(raw, f"[{at}]") for at, raw in enumerate(entries)]
        return Ranking(rank_fields.decode_results(readers, "score", request))
    except Unreadable as error:
        raise InvalidUpstreamResponse(f"the upstream's answer cannot be read: {error}") from None
