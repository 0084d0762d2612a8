"""What all APIs that rank have in common: documents as clients write them, and results as providers do."""

import msgspec
from msgspec import Raw

from data_plane.codecs.client_api import Call
from data_plane.codecs.json_reader import UNREADABLE, JsonReader, Unreadable
from data_plane.llm.ranking import Ranked, RankRequest, put_in_order

_text = msgspec.json.Decoder(str).decode


def decode_request(reader: JsonReader, api: str, call: Call) -> RankRequest:
    """Model, query, documents and how many are wanted.

    Raises:
        Unreadable: one of these is none.
    """
    query = reader.required_text("query")
    documents = [_document(raw, f"documents[{at}]") for at, raw in enumerate(reader.array("documents"))]
    if not documents:
        raise Unreadable("`documents` is required, and must not be empty")
    top_n = reader.integer("top_n")
    if top_n is not None and top_n < 0:
        raise Unreadable("`top_n` must be greater than or equal to 0")
    most = reader.integer("max_tokens_per_doc")
    if most is not None and most < 1:
        raise Unreadable("`max_tokens_per_doc` must be greater than or equal to 1")
    return RankRequest(
        api=api,
        model=reader.text("model") or call.model,
        query=query,
        documents=documents,
        top_n=top_n or None,  # of some servers' clients, 0 is all
        max_tokens_per_document=most,
    )


def decode_results(entries: list[JsonReader], score: str, request: RankRequest) -> list[Ranked]:
    """`score`: the field that has it.

    Raises:
        Unreadable: they are none of this request's.
    """
    results: list[Ranked] = []
    left = set(range(len(request.documents)))
    for entry in entries:
        index, value = entry.integer("index"), entry.number(score)
        if index not in left or value is None:
            raise Unreadable(f"`{entry.path}` must have a score, and the index of a document that no other has")
        left.discard(index)
        results.append(Ranked(index, value))
    wanted = min(request.top_n or len(request.documents), len(request.documents))
    if len(results) < wanted:
        raise Unreadable(f"there must be {wanted} results")
    return put_in_order(results, request)


def encode_results(results: list[Ranked], request: RankRequest) -> list[dict[str, object]]:
    """The documents are the client's own, told again where it wants that."""
    encoded: list[dict[str, object]] = []
    for each in results:
        entry: dict[str, object] = {"index": each.index, "relevance_score": each.score}
        if request.returns_documents:
            entry["document"] = {"text": request.documents[each.index]}
        encoded.append(entry)
    return encoded


def _document(raw: Raw, path: str) -> str:
    """A text, or an object with one alone: to rank by more is worded nowhere else."""
    if bytes(raw)[:1] == b"{":
        reader = JsonReader.of(raw, path)
        text = reader.required_text("text")
        if reader.rest():
            raise Unreadable(f"`{path}` must have `text` alone for this model")
        return text
    try:
        return _text(raw)
    except UNREADABLE:
        raise Unreadable(f"`{path}` must be a string or an object with `text`") from None
