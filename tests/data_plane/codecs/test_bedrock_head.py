"""Tokens in the head of an answer."""

from pytest import mark, param

from data_plane.codecs.bedrock_head import usage_of_head
from data_plane.usage import Usage

INPUT, OUTPUT = b"x-amzn-bedrock-input-token-count", b"x-amzn-bedrock-output-token-count"


@mark.parametrize(
    ("headers", "usage"),
    [
        param([], None, id="none"),
        param([(OUTPUT, b"3")], None, id="output alone"),
        param([(b"content-type", b"application/json"), (INPUT, b"54")], Usage(input_uncached=54), id="input"),
        param([(INPUT, b"54"), (OUTPUT, b"3")], Usage(input_uncached=54, output=3), id="both"),
        param([(INPUT, b"-1")], Usage(), id="negative"),
        param([(INPUT, b"x")], Usage(), id="no number"),
        param([(INPUT, b"9" * 5000)], Usage(), id="too long"),
    ],
)
def test_they_are_found(headers: list[tuple[bytes, bytes]], usage: Usage | None) -> None:
    assert usage_of_head(headers) == usage
