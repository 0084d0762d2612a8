"""Ids that clients give: well-formed ones stay, others are as if never sent."""

import pytest

from data_plane.ingress.id_fields import keep_valid_ids

TRACE = b"0af7651916cd43dd8448eb211c80319c"
SPAN = b"b7ad6b7169203331"
PARENT = b"00-" + TRACE + b"-" + SPAN + b"-01"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"x-isthmus-request-id", b"client-1.2_3"),
        (b"x-isthmus-request-id", b"x" * 64),
        (b"x-request-id", b"a"),
        (b"x-request-id", b"{urn:x/1}" + b"y" * 119),
        (b"traceparent", PARENT),
        (b"traceparent", b"cc-" + TRACE + b"-" + SPAN + b"-00"),
        (b"traceparent", b"cc-" + TRACE + b"-" + SPAN + b"-00-what-will-be"),
    ],
)
def test_a_well_formed_id_stays(name: bytes, value: bytes) -> None:
    headers = {b"host": b"a", name: value}
    keep_valid_ids(headers)
    assert headers == {b"host": b"a", name: value}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"x-isthmus-request-id", b"short"),
        (b"x-isthmus-request-id", b"x" * 65),
        (b"x-isthmus-request-id", b"-leading1"),
        (b"x-isthmus-request-id", b"12345678\xe9"),
        (b"x-isthmus-request-id", b"12345678, 12345678"),
        (b"x-request-id", b""),
        (b"x-request-id", b"a b"),
        (b"x-request-id", b"a" * 129),
        (b"x-request-id", b"a\x1b[31m"),
        (b"traceparent", b""),
        (b"traceparent", PARENT[:-1]),
        (b"traceparent", PARENT + b"-more"),
        (b"traceparent", b"ff" + PARENT[2:]),
        (b"traceparent", PARENT.upper()),
        (b"traceparent", PARENT.replace(TRACE, b"0" * 32)),
        (b"traceparent", PARENT.replace(SPAN, b"0" * 16)),
        (b"traceparent", b"cc-" + TRACE + b"-" + SPAN + b"-00.more"),
        (b"traceparent", b"cc-" + TRACE + b"-" + SPAN + b"-00-" + b"x" * 200),
        (b"traceparent", PARENT + b", " + PARENT),
        (b"traceparent", PARENT + b"\n"),
    ],
)
def test_a_malformed_id_is_dropped(name: bytes, value: bytes) -> None:
    headers = {b"host": b"a", name: value}
    keep_valid_ids(headers)
    assert headers == {b"host": b"a"}


@pytest.mark.parametrize(
    ("state", "stays"),
    [
        (b"a=1", True),
        (b"congo=t61rcWkgMzE, rojo=00f067aa0ba902b7", True),
        (b"fw529a3039@dt=FfEA, ,0vendor=x y", True),
        (b"", True),
        (b",".join(b"k%d=v" % number for number in range(32)), True),
        (b",".join(b"k%d=v" % number for number in range(33)), False),
        (b"a=" + b"x" * 256, True),
        (b"a=" + b"x" * 257, False),
        (b"a=" + b"x" * 250 + b",b=" + b"x" * 256, True),
        (b"a=" + b"x" * 256 + b",b=" + b"x" * 256, False),
        (b"A=1", False),
        (b"a", False),
        (b"a=b=c", False),
        (b"a=\xe9", False),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_trace_state_stays_if_it_is_one(state: bytes, stays: bool) -> None:
    headers = {b"traceparent": PARENT, b"tracestate": state}
    keep_valid_ids(headers)
    assert (b"tracestate" in headers) is stays and headers[b"traceparent"] == PARENT


@pytest.mark.parametrize("parent", [None, b"nonsense"], ids=["none", "malformed"])
def test_a_trace_state_means_nothing_without_its_parent(parent: bytes | None) -> None:
    headers = {b"tracestate": b"a=1"} | ({} if parent is None else {b"traceparent": parent})
    keep_valid_ids(headers)
    assert headers == {}
