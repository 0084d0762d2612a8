"""A gateway's name comes from the certificate's one SPIFFE id."""

import pytest

from control_plane.distribution.peer import Unproved, gateway_of


def test_the_id_names_the_gateway() -> None:
    assert gateway_of({"peer_spiffe_id": [b"spiffe://example.org/gateway/edge"]}, "example.org") == "edge"


@pytest.mark.parametrize(
    "ids",
    [
        pytest.param([], id="none"),
        pytest.param([b"spiffe://example.org/gateway/a", b"spiffe://example.org/gateway/b"], id="two"),
        pytest.param([b"spiffe://other.org/gateway/edge"], id="other trust domain"),
        pytest.param([b"spiffe://example.org/service/edge"], id="no gateway"),
        pytest.param([b"spiffe://example.org/gateway/"], id="no name"),
        pytest.param([b"spiffe://example.org/gateway/a/b"], id="longer"),
        pytest.param([b"https://example.org/gateway/edge"], id="no SPIFFE id"),
        pytest.param([b"\xff"], id="not text"),
    ],
)
def test_anything_else_proves_nothing(ids: list[bytes]) -> None:
    with pytest.raises(Unproved):
        gateway_of({"peer_spiffe_id": ids, "x509_common_name": [b"edge"]}, "example.org")


def test_without_a_certificate_nothing_is_proved() -> None:
    with pytest.raises(Unproved):
        gateway_of({}, "example.org")
