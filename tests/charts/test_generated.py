"""What the chart generates: usable by the processes, and the same after an upgrade."""

import base64
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from control_plane.secrets.sealer import read_key_file
from data_plane.config.last_good import read_keys as read_last_good_keys
from tests.charts import cases
from tests.charts.chart import CHART, NAMESPACE, Manifest, find, render, values_file
from tests.fakes.kubernetes_api import KubernetesApi
from tests.fakes.kubernetes_http import kubeconfig, serve

FEWEST = cases.ACCEPTED["fewest values"]
GENERATED = ["master-key", "bootstrap-token", "last-good-key", "authority"]


def secret_data(manifests: list[Manifest], suffix: str) -> dict[str, bytes]:
    data: dict[str, Any] = find(manifests, "Secret", f"edge-isthmus-{suffix}")["data"]
    return {key: base64.b64decode(value) for key, value in data.items()}


def written(folder: Path, name: str, content: bytes) -> Path:
    (folder / name).write_bytes(content)
    return folder / name


def issue(folder: Path, manifests: list[Manifest], plane: str) -> Path:
    """Run a pod's init container as the chart starts it; gives the folder with what it wrote."""
    (container,) = find(manifests, "Deployment", f"edge-isthmus-{plane}")["spec"]["template"]["spec"]["initContainers"]
    out = folder / plane
    out.mkdir()
    for name, content in secret_data(manifests, "authority").items():
        written(folder, name, content)
    places = {"--authority=/authority": f"--authority={folder}", "--out=/certificates": f"--out={out}"}
    script = find(manifests, "ConfigMap", "edge-isthmus-scripts")["data"]["issue_certificate.py"]
    program = written(folder, "issue_certificate.py", script.encode())
    arguments = [places.get(each, each) for each in container["args"]]
    environment = {"PYTHONPATH": str(CHART.parents[1])}
    subprocess.run([sys.executable, program, *arguments], check=True, timeout=30, env=environment)
    return out


@pytest.mark.parametrize("version", ["helm3", "helm4"])
def test_an_upgrade_keeps_every_generated_secret(version: str, tmp_path: Path) -> None:
    kubernetes = KubernetesApi()
    kubernetes.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}, "")
    with serve(kubernetes) as address:
        config = written(tmp_path, "kubeconfig", kubeconfig(address).encode())
        options = ["--dry-run=server", "--kubeconfig", str(config)]
        installed = render(version, values_file(tmp_path, FEWEST), *options)
        for secret in (each for each in installed if each["kind"] == "Secret"):
            kubernetes.create(secret, NAMESPACE)
        upgraded = render(version, values_file(tmp_path, FEWEST), *options, "--is-upgrade")
    for suffix in GENERATED:
        assert secret_data(upgraded, suffix) == secret_data(installed, suffix)


def test_every_install_generates_secrets_of_its_own(tmp_path: Path) -> None:
    one, other = (render("helm3", values_file(tmp_path, FEWEST)) for _ in range(2))
    for suffix in GENERATED:
        assert secret_data(one, suffix) != secret_data(other, suffix)


def test_processes_can_read_the_generated_keys(tmp_path: Path) -> None:
    manifests = render("helm3", values_file(tmp_path, FEWEST))
    assert len(read_key_file(written(tmp_path, "master", secret_data(manifests, "master-key")["master-key"]))) == 1
    last_good = secret_data(manifests, "last-good-key")["last-good-key"]
    assert len(read_last_good_keys(written(tmp_path, "last-good", last_good))) == 1


def test_planes_trust_each_others_certificates_and_nobody_elses(tmp_path: Path) -> None:
    manifests = render("helm3", values_file(tmp_path, FEWEST))
    server_files, client_files = (issue(tmp_path, manifests, plane) for plane in ("control-plane", "data-plane"))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(server_files / "ca.crt")
    server.load_cert_chain(server_files / "tls.crt", server_files / "tls.key")
    client = ssl.create_default_context(cafile=str(client_files / "ca.crt"))
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    client.load_cert_chain(client_files / "tls.crt", client_files / "tls.key")
    handshake(server, client, "edge-isthmus-control-plane.gateways.svc")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server, client, "another-control-plane.gateways.svc")


def test_a_replica_proves_its_gateway(tmp_path: Path) -> None:
    manifests = render("helm3", values_file(tmp_path, FEWEST))
    certificate = x509.load_pem_x509_certificate((issue(tmp_path, manifests, "data-plane") / "tls.crt").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == ["spiffe://isthmus.local/gateway/default"]


def handshake(server: ssl.SSLContext, client: ssl.SSLContext, host: str) -> None:
    """Let both sides talk in memory until they agree, or one refuses."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        client.wrap_bio(to_client, to_server, server_hostname=host),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(4):  # flights of a TLS 1.3 handshake, and one to spare
        for side in list(sides):
            try:
                side.do_handshake()
                sides.remove(side)
            except ssl.SSLWantReadError:
                continue
    assert not sides
