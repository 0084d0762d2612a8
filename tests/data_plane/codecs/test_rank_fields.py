"""What clients of both APIs that rank may not send, and what providers may not answer."""

import json
from typing import Any

from pytest import mark, param, raises

from data_plane.codecs.client_api import Call
from data_plane.codecs.table import UNARY
from data_plane.errors import BadRequest, InvalidUpstreamResponse

CALL = Call("cohere", "rerank", b"/rerank")
BODY: dict[str, Any] = {"model": "m", "query": "q", "documents": ["a", "b"]}


@mark.parametrize("api", ["cohere-rerank", "jina-rerank"])
@mark.parametrize(
    ("change", "message"),
    [
        param({"query": None}, "`query` is required", id="no query"),
        param({"documents": []}, "`documents` is required", id="no documents"),
        param({"documents": ["a", 1]}, "`documents[1]` must be a string or an object", id="number"),
        param({"documents": [{"title": "x"}]}, "`documents[0].text` is required", id="no text"),
        param({"documents": [{"text": "x", "image": "y"}]}, "`documents[0]` must have `text` alone", id="picture"),
        param({"top_n": -1}, "`top_n` must be greater", id="negative"),
        param({"max_tokens_per_doc": 0}, "`max_tokens_per_doc` must be greater", id="nothing"),
    ],
)
def test_a_request_that_is_none_is_refused(api: str, change: dict[str, Any], message: str) -> None:
    with raises(BadRequest) as refused:
        UNARY[api].decode_request(json.dumps({**BODY, **change}).encode(), CALL)

    assert message in str(refused.value)


@mark.parametrize(
    "results",
    [
        param([(0, 0.5)], id="too few"),
        param([(0, 0.5), (0, 0.4)], id="one twice"),
        param([(0, 0.5), (2, 0.4)], id="beyond"),
        param([(0, 0.5), (None, 0.4)], id="without an index"),
        param([(0, 0.5), (1, None)], id="without a score"),
    ],
)
def test_an_answer_to_something_else_is_refused(results: list[tuple[Any, Any]]) -> None:
    codec = UNARY["cohere-rerank"]
    request = codec.decode_request(json.dumps(BODY).encode(), CALL)
    body = {"results": [{"index": at, "relevance_score": score} for at, score in results]}

    with raises(InvalidUpstreamResponse):
        codec.decode_response(json.dumps(body).encode(), request)


def test_results_that_come_in_another_order_are_put_right() -> None:
    codec = UNARY["cohere-rerank"]
    request = codec.decode_request(json.dumps({**BODY, "top_n": 1}).encode(), CALL)
    body = {"results": [{"index": 0, "relevance_score": -3}, {"index": 1, "relevance_score": 2}]}

    ranking = codec.decode_response(json.dumps(body).encode(), request)

    assert [(each.index, each.score) for each in ranking.results] == [(1, 2.0)]
