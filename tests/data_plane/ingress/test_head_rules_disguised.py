"""Names that a reader of CGI-like variables cannot tell from those that only the gateway or its proxies set."""

import pytest

from data_plane.ingress.head_rules import drop_disguised


@pytest.mark.parametrize(
    "name",
    [
        b"x_isthmus_tenant",
        b"x-isthmus_tenant",
        b"x_forwarded_for",
        b"x-forwarded_for",
        b"x_forwarded-host",
        b"x_real_ip",
        b"true_client_ip",
        b"client_cert",
    ],
)
def test_a_disguised_field_is_dropped(name: bytes) -> None:
    headers = {b"host": b"a", name: b"evil"}

    drop_disguised(headers)

    assert headers == {b"host": b"a"}


def test_other_names_with_underscores_stay() -> None:
    headers = {b"x_forwarded": b"evil", b"my_field": b"1", b"x_forwarded_for_me": b"2", b"x-forwarded-for": b"10.0.0.1"}

    drop_disguised(headers)

    assert headers == {b"my_field": b"1", b"x_forwarded_for_me": b"2", b"x-forwarded-for": b"10.0.0.1"}
