"""Files of requests for a batch."""

import json

from pytest import mark, param, raises

from data_plane.codecs.batch_file import MAX_LINES, reworded
from data_plane.errors import BadRequest, ModelNotFound


def name_of(model: str) -> str:
    if model == "nobody":
        raise ModelNotFound("there is none")
    return f"{model}-upstream"


LINE = b'{"custom_id": "a\\u00e9", "body": {"messages": [ 1.0 ], "model": "m"}}'


@mark.parametrize("end", [b"", b"\n", b"\n\n", b"\r\n"])
def test_each_line_asks_the_provider_s_model(end: bytes) -> None:
    content = reworded(LINE + b"\n" + LINE + end, name_of)

    lines = [json.loads(line) for line in content.splitlines() if line]
    assert [line["body"]["model"] for line in lines] == ["m-upstream"] * 2
    assert b'"messages":[ 1.0 ]' in content and b'"custom_id":"a\\u00e9"' in content


@mark.parametrize(
    "content, says",
    [
        param(LINE + b"\n[]", "line 2", id="no object"),
        param(b"{}", "line 1 of the file has no `body`", id="no body"),
        param(b'{"body":{}}', "line 1 of the file has no `body.model`", id="no model"),
        param(b'{"body":1}', "line 1", id="a body that is no object"),
        param(b'{"body":{"model":"m","model":"n"}}', "stands twice", id="two models"),
        param(b'{"body":{"model":"m"},"body":{"model":"n"}}', "stands twice", id="two bodies"),
        param(b"\n" * (MAX_LINES + 2), f"at most {MAX_LINES} lines", id="many lines"),
    ],
)
def test_what_is_no_such_file_is_refused(content: bytes, says: str) -> None:
    with raises(BadRequest, match=says):
        reworded(content, name_of)


def test_a_model_that_nobody_has_is_refused() -> None:
    with raises(ModelNotFound):
        reworded(b'{"body":{"model":"nobody"}}', name_of)
