"""Names that a reader of CGI-like variables cannot tell from those that only the gateway or its proxies set."""

import pytest

from data_plane.deadlines import Deadlines
from data_plane.ingress.bounds import Limits
from data_plane.ingress.guard import RequestReader
from data_plane.ingress.head_table import HeadTable


def names(*fields: bytes) -> set[bytes]:
    """The fields, beside the host, of a request with these names."""
    reader = RequestReader(Limits(), HeadTable(Deadlines()))
    lines = b"".join(name + b": 10.0.0.1\r\n" for name in fields)
    reader.feed(b"GET / HTTP/1.1\r\nHost: a\r\n" + lines + b"\r\n")
    assert reader.request is not None
    return set(reader.request.headers) - {b"host"}


@pytest.mark.parametrize(
    "name",
    [
        b"X_Isthmus_Tenant",
        b"x-isthmus_tenant",
        b"X_Forwarded_For",
        b"x-forwarded_for",
        b"X_FORWARDED-Host",
        b"x_real_ip",
        b"True_Client_IP",
        b"client_cert",
        b"x_forwarded",
    ],
)
def test_a_disguised_field_is_dropped(name: bytes) -> None:
    assert names(name, b"Accept") == {b"accept"}


def test_a_field_beside_its_disguise_is_the_one_that_was_meant() -> None:
    assert names(b"X-Forwarded-For", b"X_Forwarded_For") == {b"x-forwarded-for"}


def test_other_names_with_underscores_stay() -> None:
    assert names(b"My_Field", b"X_Forwarded_For_Me") == {b"my_field", b"x_forwarded_for_me"}
