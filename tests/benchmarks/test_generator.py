"""When an answer is whole, and what the generator says of a load."""

import pytest

from benchmarks.generator import is_whole
from benchmarks.load import Load, parse

LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nServer: x\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok"


@pytest.mark.parametrize(
    ("answer", "whole"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Le", False),
        (LENGTH + b"o", False),
        (LENGTH + b"ok", True),
        (CHUNKED, False),
        (CHUNKED + b"\r\n0\r\n\r\n", True),
    ],
    ids=["head", "half", "length", "chunk", "chunked"],
)
def test_an_answer_is_whole_when_its_last_byte_is_there(answer: bytes, whole: bool) -> None:
    assert is_whole(answer) is whole


def test_the_line_of_the_generator_is_read() -> None:
    line = '{"requests": 10, "seconds": 2.0, "p50_us": 1.5, "p99_us": 2.5, "parts": 20}\n'
    assert parse(line) == Load(10, 0, 2.0, 1.5, 2.5, 20)
