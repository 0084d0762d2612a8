"""Certificates of one's own: who may do what with them, and when they are made anew."""

import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from control_plane.cli.pki import Authority, GatewayIdentity, Pki, ensure_pki

NOW = datetime(2026, 11, 24, tzinfo=UTC)
EDGE = GatewayIdentity("edge")


def certificate(file: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(file.read_bytes())


def names(file: Path) -> list[str]:
    extension = certificate(file).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return [str(name.value) for name in extension.value]


def usages(file: Path) -> list[x509.ObjectIdentifier]:
    return list(certificate(file).extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)


def contents(pki: Pki) -> list[bytes]:
    return [file.read_bytes() for file in (pki.authority, pki.server.certificate, pki.gateway.certificate)]


def test_a_gateway_proves_its_name_and_cannot_serve(tmp_path: Path) -> None:
    pki = ensure_pki(tmp_path, EDGE, now=NOW)
    assert names(pki.gateway.certificate) == ["spiffe://isthmus.local/gateway/edge"]
    assert usages(pki.gateway.certificate) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_the_control_plane_has_its_hosts_and_cannot_pose_as_a_replica(tmp_path: Path) -> None:
    pki = ensure_pki(tmp_path, EDGE, hosts=["cp.example", "10.0.0.1"], now=NOW)
    assert names(pki.server.certificate) == ["cp.example", "10.0.0.1"]
    assert usages(pki.server.certificate) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_both_are_signed_by_the_authority(tmp_path: Path) -> None:
    pki = ensure_pki(tmp_path, EDGE, now=NOW)
    for file in (pki.server.certificate, pki.gateway.certificate):
        certificate(file).verify_directly_issued_by(certificate(pki.authority))


def test_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    ensure_pki(tmp_path / "pki", EDGE, now=NOW)
    assert {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "pki").iterdir()} == {0o600}
    assert len(list((tmp_path / "pki").iterdir())) == 6


def test_what_is_valid_is_kept(tmp_path: Path) -> None:
    before = contents(ensure_pki(tmp_path, EDGE, now=NOW))
    assert contents(ensure_pki(tmp_path, EDGE, now=NOW + timedelta(days=100))) == before


@pytest.mark.parametrize(
    ("again", "kept"),
    [
        pytest.param(lambda folder: ensure_pki(folder, EDGE, now=NOW + timedelta(days=340)), "100", id="soon over"),
        pytest.param(lambda folder: ensure_pki(folder, EDGE, now=NOW + timedelta(days=3640)), "000", id="all over"),
        pytest.param(lambda folder: ensure_pki(folder, GatewayIdentity("b"), now=NOW), "110", id="other gateway"),
        pytest.param(lambda folder: ensure_pki(folder, EDGE, hosts=["h"], now=NOW), "101", id="other hosts"),
    ],
)
def test_what_does_not_fit_is_made_anew(tmp_path: Path, again: Callable[[Path], Pki], kept: str) -> None:
    before = contents(ensure_pki(tmp_path, EDGE, now=NOW))
    after = contents(again(tmp_path))
    assert "".join(str(int(old == new)) for old, new in zip(before, after, strict=True)) == kept


@pytest.mark.parametrize("content", [b"", b"nonsense"])
@pytest.mark.parametrize("name", ["ca.pem", "ca-key.pem", "gateway.pem", "control-plane-key.pem"])
def test_a_damaged_file_is_made_anew(tmp_path: Path, name: str, content: bytes) -> None:
    ensure_pki(tmp_path, EDGE, now=NOW)
    (tmp_path / name).write_bytes(content)
    pki = ensure_pki(tmp_path, EDGE, now=NOW)
    certificate(pki.gateway.certificate).verify_directly_issued_by(certificate(pki.authority))
    certificate(pki.server.certificate).verify_directly_issued_by(certificate(pki.authority))


def test_what_another_authority_signed_is_made_anew(tmp_path: Path) -> None:
    pki = ensure_pki(tmp_path, EDGE, now=NOW)
    pair = Authority.create(NOW).issue_gateway(EDGE, NOW)
    pki.gateway.certificate.write_bytes(pair.certificate)
    pki.gateway.key.write_bytes(pair.key)
    pki = ensure_pki(tmp_path, EDGE, now=NOW)
    certificate(pki.gateway.certificate).verify_directly_issued_by(certificate(pki.authority))
