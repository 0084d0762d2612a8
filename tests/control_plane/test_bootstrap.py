"""What stops a control plane before it has asked for the store."""

import base64
from pathlib import Path

import pytest

from control_plane import bootstrap
from tests.fakes.distribution import TestPki


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    pki = TestPki(tmp_path)
    keys = tmp_path / "master.key"
    keys.write_text(f"k1:{base64.b64encode(bytes(32)).decode()}\n")
    return [
        *("--etcd-endpoints", "http://127.0.0.1:1", "--master-key-file", str(keys)),
        *("--discovery-cert", str(pki.server.certificate), "--discovery-key", str(pki.server.key)),
        *("--discovery-ca", str(pki.authority_file)),
    ]


def no_key(folder: Path) -> list[str]:
    (folder / "empty").write_text("no key\n")
    return ["--master-key-file", str(folder / "empty")]


def certificate_of_another_key(folder: Path) -> list[str]:
    certificate, key = folder / "server.pem", folder / "ca.pem"
    return ["--tls-cert", str(certificate), "--tls-key", str(key)]


@pytest.mark.parametrize(
    ("mistake", "status", "message"),
    [
        (lambda folder: ["--listen", "0.0.0.0:0"], 2, "is not loopback"),
        (no_key, 1, "must be a key id"),
        (certificate_of_another_key, 1, "--tls-cert"),
        (lambda folder: ["--etcd-endpoints", "127.0.0.1:1"], 1, "an endpoint is `http://host:port`"),
        (lambda folder: ["--etcd-username", "root"], 1, "`username` and `password` go together"),
        (lambda folder: ["--listen", "127.0.0.1:0", "--health-listen", "192.0.2.1:1"], 1, "--health-listen"),
    ],
    ids=["no tls", "no master key", "wrong key", "endpoint", "no password", "address"],
)
def test_a_mistake_is_one_line_and_an_exit_status(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], mistake: object, status: int, message: str
) -> None:
    assert callable(mistake)
    assert bootstrap.main([*arguments, *mistake(tmp_path)]) == status
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("isthmus-control-plane: ")
    assert message in line
