"""Certificates from files that come, change and break."""

import os
from pathlib import Path

import pytest

from data_plane.agent.certificate_files import CertificateFiles
from data_plane.config.certificate import CertificateError
from tests.fakes.certificates import pair


def write(folder: Path, name: str, *names: str, key_of: str | None = None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    chain, key = pair(*names)
    (folder / f"{name}.crt").write_bytes(chain)
    (folder / f"{name}.key").write_bytes(pair(key_of)[1] if key_of else key)


def names(files: CertificateFiles) -> list[str]:
    return [name for certificate in files.certificates for name in certificate.dns_names]


def loaded(*entries: object) -> CertificateFiles:
    files = CertificateFiles([str(entry) for entry in entries])
    files.load()
    return files


def test_pairs_are_found_in_folders_and_one_below_in_the_order_of_names(tmp_path: Path) -> None:
    write(tmp_path / "pairs", "b", "b.example")
    write(tmp_path / "pairs", "a", "a.example")
    write(tmp_path / "pairs" / "secret", "tls", "c.example")
    write(tmp_path / "pairs" / "..data", "tls", "hidden.example")
    (tmp_path / "pairs" / "ca.crt").write_text("without a key it is no pair")
    write(tmp_path, "d", "d.example")
    files = loaded(f"{tmp_path / 'd.crt'}:{tmp_path / 'd.key'}", tmp_path / "pairs")
    assert names(files) == ["d.example", "a.example", "b.example", "c.example"]


def test_at_the_start_a_pair_that_cannot_be_used_is_one_clear_line(tmp_path: Path) -> None:
    write(tmp_path, "a", "a.example", key_of="b.example")
    with pytest.raises(CertificateError, match=r"a\.crt' with '.*a\.key': the private key does not belong"):
        loaded(tmp_path)
    with pytest.raises(CertificateError, match="no certificate with a key in /none"):
        loaded("/none")
    with pytest.raises(CertificateError, match="No such file"):
        loaded("/none.crt:/none.key")


def test_a_mounted_secret_is_read_anew_when_its_link_moves(tmp_path: Path) -> None:
    write(tmp_path / "..1", "tls", "a.example")
    write(tmp_path / "..2", "tls", "b.example")
    (tmp_path / "..data").symlink_to("..1")
    for name in ("tls.crt", "tls.key"):
        (tmp_path / name).symlink_to(f"..data/{name}")
    files = loaded(tmp_path)
    assert not files.refresh() and names(files) == ["a.example"]
    (tmp_path / "..new").symlink_to("..2")
    (tmp_path / "..new").rename(tmp_path / "..data")
    assert files.refresh() and names(files) == ["b.example"]


def test_a_broken_pair_leaves_the_one_before_and_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path, "a", "a.example")
    files = loaded(tmp_path)
    write(tmp_path, "a", "new.example", key_of="other.example")
    os.utime(tmp_path / "a.crt", ns=(1, 1))
    assert not files.refresh() and names(files) == ["a.example"]
    os.utime(tmp_path / "a.crt", ns=(2, 2))
    assert not files.refresh()
    assert files.failures == 1 and list(files.broken) == [str(tmp_path / "a.crt")]
    assert len([each for each in caplog.records if "cannot be used" in each.message]) == 1
    write(tmp_path, "a", "new.example")
    assert files.refresh() and names(files) == ["new.example"] and files.broken == {}


def test_pairs_come_and_go_but_never_all(tmp_path: Path) -> None:
    write(tmp_path, "a", "a.example")
    files = loaded(tmp_path)
    write(tmp_path, "b", "b.example")
    assert files.refresh() and names(files) == ["a.example", "b.example"]
    (tmp_path / "a.crt").unlink()
    assert files.refresh() and names(files) == ["b.example"]
    (tmp_path / "b.key").unlink()
    assert not files.refresh() and names(files) == ["b.example"]
