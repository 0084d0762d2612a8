"""Heads and chunks as they go to a client."""

import pytest

from data_plane.exchange import Exchange, Request, Response, Timeouts
from data_plane.pipeline.framing import CHUNKED, CLOSE, LENGTH, NO_BODY, Framing, encode_chunk, encode_head


def exchange(method: bytes = b"GET", *, is_http_1_0: bool = False) -> Exchange:
    request = Request(method, b"/", b"", {}, is_http_1_0=is_http_1_0)
    return Exchange(request, "t/r", "rest", "", b"/", "the-id", 0.0, 1, Timeouts())


@pytest.mark.parametrize(
    ("method", "is_http_1_0", "status", "length", "framing", "says"),
    [
        pytest.param(b"GET", False, 200, 5, LENGTH, b"content-length: 5\r\n", id="length"),
        pytest.param(b"GET", False, 200, 0, LENGTH, b"content-length: 0\r\n", id="empty"),
        pytest.param(b"GET", True, 200, 5, LENGTH, b"content-length: 5\r\n", id="length, HTTP/1.0"),
        pytest.param(b"GET", False, 200, None, CHUNKED, b"transfer-encoding: chunked\r\n", id="unknown"),
        pytest.param(b"GET", True, 200, None, CLOSE, b"connection: close\r\n", id="unknown, HTTP/1.0"),
        pytest.param(b"HEAD", False, 200, 5, NO_BODY, b"content-length: 5\r\n", id="HEAD"),
        pytest.param(b"HEAD", False, 200, None, NO_BODY, b"", id="HEAD, unknown"),
        pytest.param(b"GET", False, 204, 0, NO_BODY, b"", id="204"),
        pytest.param(b"GET", False, 304, 5, NO_BODY, b"content-length: 5\r\n", id="304"),
    ],
)
def test_one_field_at_most_tells_where_the_body_ends(
    method: bytes, is_http_1_0: bool, status: int, length: int | None, framing: Framing, says: bytes
) -> None:
    made, found = encode_head(exchange(method, is_http_1_0=is_http_1_0), Response(status, [], length), persistent=True)
    assert found is framing and says in made
    assert sum(made.count(name) for name in (b"content-length", b"transfer-encoding", b"connection")) == bool(says)


def test_a_head_is_the_status_the_responses_fields_and_ours() -> None:
    made, _ = encode_head(exchange(), Response(201, [(b"a", b"1"), (b"a", b"2")], 0), persistent=False)
    assert made == (
        b"HTTP/1.1 201 Created\r\na: 1\r\na: 2\r\nx-isthmus-request-id: the-id\r\ncontent-length: 0\r\n"
        b"connection: close\r\n\r\n"
    )


def test_a_model_is_named_with_its_version() -> None:
    asked = exchange()
    asked.model, asked.model_version = "chat", "v2"
    made, _ = encode_head(asked, Response(200, [], 0), persistent=True)
    assert b"\r\nx-isthmus-model: chat\r\nx-isthmus-model-version: v2\r\n" in made


def test_a_status_without_a_phrase_is_sent_on() -> None:
    assert encode_head(exchange(), Response(529, [], 0), persistent=True)[0].startswith(b"HTTP/1.1 529 \r\n")


@pytest.mark.parametrize(
    ("data", "last", "chunk"),
    [
        (b"0123456789abcdef", False, b"10\r\n0123456789abcdef\r\n"),
        (b"hi", True, b"2\r\nhi\r\n0\r\n\r\n"),
        (b"", False, b""),  # an empty chunk would be the end
        (b"", True, b"0\r\n\r\n"),
    ],
)
def test_a_read_is_one_chunk(data: bytes, last: bool, chunk: bytes) -> None:
    assert encode_chunk(data, last) == chunk
