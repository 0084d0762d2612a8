"""Certificates and keys, as admission looks at them."""

import json
from typing import Any

import pytest

from control_plane.admission.validate import parse_document
from control_plane.errors import Invalid
from tests.fakes.certificates import authority_pem, pair
from tests.fakes.control_plane import document

CHAIN, KEY = (each.decode() for each in pair("a.example"))
OTHER_KEY = pair("b.example")[1].decode()


def secret(**data: str) -> dict[str, Any]:
    return document("Secret", "edge", {"data": {name.replace("_", "."): value for name, value in data.items()}})


def gateway(pem: str) -> dict[str, Any]:
    return document("Gateway", "edge", {"tls": {"clientCertificates": {"mode": "Require", "caPem": pem}}})


@pytest.mark.parametrize(
    "given",
    [
        secret(tls_crt=CHAIN, tls_key=KEY),
        secret(tls_crt="fingerprint:x", tls_key=KEY),
        secret(tls_crt=CHAIN, tls_key="sealed:v1:x"),
        secret(value="sk-1"),
        gateway(authority_pem()),
    ],
    ids=["pair", "kept chain", "kept key", "provider key", "authority"],
)
def test_what_fits_is_admitted(given: dict[str, Any]) -> None:
    parse_document(given)


@pytest.mark.parametrize(
    ("given", "path", "words"),
    [
        (secret(tls_crt=CHAIN, tls_key=OTHER_KEY), "spec.data.tls.key", "does not belong to"),
        (secret(tls_crt=CHAIN, tls_key=KEY.replace("M", "-")), "spec.data.tls.key", "unencrypted private key"),
        (secret(tls_crt=CHAIN[:200], tls_key=KEY), "spec.data.tls.crt", "certificate chain in PEM"),
        (secret(tls_crt="a", tls_key="b"), "spec.data.tls.crt", "certificate chain in PEM"),
        (gateway("no"), "spec.tls.clientCertificates.caPem", "certificates in PEM"),
        (gateway(""), "spec.tls.clientCertificates", "`caPem` is required for `mode: Require`"),
    ],
    ids=["another key", "broken key", "broken chain", "no PEM", "broken authority", "no authority"],
)
def test_what_does_not_fit_is_refused_by_field(given: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_document(given)
    (error,) = caught.value.field_errors
    assert error.path == path and words in error.message
    assert KEY not in json.dumps([error.path, error.message, str(caught.value)])
