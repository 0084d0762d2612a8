"""Certificates in the configuration: what is read of them, and what is rejected."""

import pytest

from data_plane.config.certificate import CertificateError, TlsSettings, read_certificate
from tests.fakes.certificates import authority_pem, pair
from tests.fakes.gateway import Gateway, post, request, resource

CHAIN, KEY = pair("a.example", "*.b.example", "192.0.2.1")
OTHER_KEY = pair("c.example")[1]
PEER_CODE = "misdirected_request"


def tls(*names: str, **fields: object) -> dict[str, bytes]:
    spec = {"tls": {"certificateRefs": [{"name": name} for name in names], **fields}}
    return dict([resource("Gateway", "edge", spec)])


def secret(name: str, chain: bytes = CHAIN, key: bytes = KEY) -> dict[str, bytes]:
    data = {"tls.crt": chain.decode(), "tls.key": key.decode()}
    return dict([resource("Secret", name, {"data": data}, tenant="platform")])


def test_names_and_end_are_read_and_the_key_is_not_shown() -> None:
    certificate = read_certificate("here", CHAIN, KEY)
    assert certificate.dns_names == ("a.example", "*.b.example")
    assert certificate.not_after > 1_700_000_000
    assert "PRIVATE" not in repr(certificate)


@pytest.mark.parametrize(
    ("chain", "key", "words"),
    [
        (b"no", KEY, "no certificate in PEM"),
        (CHAIN, OTHER_KEY, "does not belong to the certificate"),
        (CHAIN, b"no", "not PEM that can be read"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(chain: bytes, key: bytes, words: str) -> None:
    with pytest.raises(CertificateError, match=words):
        read_certificate("here", chain, key)


def test_a_gateway_s_certificates_are_served_in_their_order() -> None:
    gateway = Gateway(tls("x", "a", minVersion="TLS1.3") | secret("a") | secret("x"))
    assert [each.name for each in gateway.compiler.tls.certificates] == ["platform/Secret/x", "platform/Secret/a"]
    assert gateway.compiler.tls.min_version == "TLS1.3"


def test_another_gateway_s_certificates_are_not_ours() -> None:
    gateway = Gateway(dict([resource("Gateway", "other", {"tls": {"certificateRefs": [{"name": "a"}]}})]) | secret("a"))
    assert gateway.compiler.tls == TlsSettings()


def test_a_changed_secret_is_served_and_one_that_does_not_fit_is_rejected_by_its_name() -> None:
    gateway = Gateway(tls("a") | secret("a"))
    before = gateway.compiler.tls
    (rejection,) = gateway.apply(secret("a", key=OTHER_KEY)).rejections
    assert rejection.path == "platform/Secret/a" and "does not belong" in rejection.reason
    assert gateway.compiler.tls == before
    gateway.apply(secret("a", *pair("d.example")))
    assert [each.dns_names for each in gateway.compiler.tls.certificates] == [("d.example",)]


def test_a_secret_that_is_not_served_is_left_out() -> None:
    assert Gateway(tls("gone", "a") | secret("a")).compiler.tls.certificates[0].name == "platform/Secret/a"


def test_an_authority_that_cannot_be_read_is_the_gateway_s_fault() -> None:
    (rejection,) = Gateway().apply(tls(clientCertificates={"mode": "Require", "caPem": "no"})).rejections
    assert rejection.path == "platform/Gateway/edge" and "spec.tls.clientCertificates.caPem" in rejection.reason


@pytest.mark.parametrize(
    ("mode", "code"), [("Require", PEER_CODE), ("Optional", PEER_CODE), ("Off", "route_not_found")]
)
def test_hosts_must_agree_with_names_only_where_client_certificates_are_verified(mode: str, code: str) -> None:
    gateway = Gateway(tls(clientCertificates={"mode": mode, "caPem": authority_pem()}))
    asked = request("GET", "/nothing", host="b.example")
    asked.peer = asked.peer.__class__("192.0.2.1", "https", "a.example")
    assert gateway.ask(asked).code == code
    assert gateway.ask(post("/nothing")).code != PEER_CODE
