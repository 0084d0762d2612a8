"""What the chart's key Job generates: made once, usable by the processes, with no more rights than it needs."""

import base64
import json
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography import x509

from control_plane.cli.pki import Authority
from control_plane.identity.token_text import find_id
from control_plane.secrets.sealer import read_key_file
from data_plane.config.last_good import read_keys as read_last_good_keys
from tests.charts import cases
from tests.charts.chart import CHART, NAMESPACE, Manifest, find, render, values_file
from tests.charts.chart_files import FILES, load
from tests.fakes.kubernetes_access import Account
from tests.fakes.kubernetes_api import Key, KubernetesApi
from tests.fakes.kubernetes_http import serve

KEPT = ("master-key", "bootstrap-token", "last-good-key", "authority", "etcd-authority")
CERTIFICATES = ("control-plane", "data-plane", "etcd", "etcd-client")
NOW = datetime.now(UTC)

Secrets = dict[str, dict[str, bytes]]


@dataclass
class Release:
    """A rendered release in a cluster that has the rights of its Jobs, and nothing of what they make."""

    folder: Path
    api: KubernetesApi
    address: str
    plan: Manifest

    def run(self, job: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """The program as the pod of `edge-isthmus-<job>` runs it."""
        host, _, port = self.address.removeprefix("https://").rpartition(":")
        (self.folder / "account" / "token").write_text(Account(NAMESPACE, f"edge-isthmus-{job}").token)
        (self.folder / "plan.json").write_text(json.dumps(self.plan))
        files = (f"--plan={self.folder}/plan.json", f"--account={self.folder}/account")
        return subprocess.run(
            [sys.executable, FILES / "ensure_secrets.py", *files, *arguments],
            env={
                **{name: os.environ[name] for name in ("PYTHONSAFEPATH",) if name in os.environ},
                "PYTHONPATH": f"{FILES}:{CHART.parents[1]}",
                "KUBERNETES_SERVICE_HOST": host,
                "KUBERNETES_SERVICE_PORT": port,
            },
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def at(self, moment: datetime, **plan: Any) -> Any:
        """The program's own object, at some time, with the rights of the hook."""
        (self.folder / "account" / "token").write_text(Account(NAMESPACE, "edge-isthmus-keys").token)
        kubernetes = load("kubernetes_secrets").KubernetesSecrets(self.address, NAMESPACE, self.folder / "account")
        return load("ensure_secrets").Release({**self.plan, **plan}, kubernetes, moment)

    @property
    def secrets(self) -> Secrets:
        return {
            each["metadata"]["name"].removeprefix("edge-isthmus-"): {
                key: base64.b64decode(value) for key, value in each["data"].items()
            }
            for each in self.api.list("Secret", NAMESPACE)
        }

    def put(self, name: str, key: str, content: bytes) -> None:
        where = Key("Secret", NAMESPACE, f"edge-isthmus-{name}")
        there = self.api.find("Secret", where.name)
        assert there
        there["data"][key] = base64.b64encode(content).decode()
        self.api.replace(where, there)


@pytest.fixture(scope="module")
def manifests(tmp_path_factory: pytest.TempPathFactory) -> list[Manifest]:
    return render("helm3", values_file(tmp_path_factory.mktemp("values"), cases.OWN_ETCD))


@pytest.fixture
def release(tmp_path: Path, manifests: list[Manifest]) -> Iterator[Release]:
    api = KubernetesApi()
    api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}, "")
    for manifest in manifests:
        if manifest["kind"] in ("Role", "RoleBinding"):
            api.create(manifest, NAMESPACE)
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    (tmp_path / "account").mkdir()
    authority.cert_pem.write_to_path(str(tmp_path / "account" / "ca.crt"))
    plan = json.loads(find(manifests, "ConfigMap", "edge-isthmus-keys")["data"]["plan.json"])
    with serve(api, tls) as address:
        yield Release(tmp_path, api, address, plan)


def certificate(pem: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem)


def test_the_job_makes_every_secret_with_the_rights_that_it_has(release: Release) -> None:
    done = release.run("keys")
    assert (done.returncode, done.stderr) == (0, "")
    assert set(release.secrets) == {*KEPT, *(f"{name}-certificate" for name in CERTIFICATES)}
    for content in (value for data in release.secrets.values() for value in data.values()):
        assert content.decode() not in done.stdout


def test_a_second_run_changes_nothing(release: Release) -> None:
    release.run("keys")
    made = release.secrets
    asked = len(release.api.asked)
    assert release.run("keys").returncode == 0
    assert release.secrets == made
    assert not [line for line in release.api.asked[asked:] if line.startswith("PUT")]


def test_what_an_earlier_chart_made_stays(release: Release) -> None:
    pair = Authority.create(NOW).pair
    before = {"master-key": {"master-key": b"k1:old"}, "authority": {"tls.crt": pair.certificate, "tls.key": pair.key}}
    for name, data in before.items():
        encoded = {key: base64.b64encode(value).decode() for key, value in data.items()}
        metadata = {"name": f"edge-isthmus-{name}"}
        release.api.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": encoded}, NAMESPACE)
    release.at(NOW).ensure()
    assert release.secrets.items() >= before.items()
    certificate(release.secrets["control-plane-certificate"]["tls.crt"]).verify_directly_issued_by(
        certificate(pair.certificate)
    )


def test_processes_can_read_the_generated_keys(release: Release, tmp_path: Path) -> None:
    release.at(NOW).ensure()
    (tmp_path / "master").write_bytes(release.secrets["master-key"]["master-key"])
    (tmp_path / "last-good").write_bytes(release.secrets["last-good-key"]["last-good-key"])
    assert len(read_key_file(tmp_path / "master")) == 1
    assert len(read_last_good_keys(tmp_path / "last-good")) == 1
    assert find_id("isa", release.secrets["bootstrap-token"]["token"].decode())


def test_renewal_may_not_create_and_says_what_is_missing(release: Release) -> None:
    done = release.run("renewal", "--renew")
    assert done.returncode == 1
    assert "edge-isthmus-authority" in done.stderr
    assert release.secrets == {}


def test_renewal_issues_what_is_about_to_end_and_leaves_the_rest(release: Release) -> None:
    release.at(NOW).ensure()
    made = release.secrets
    release.at(NOW + timedelta(days=59)).renew()
    assert release.secrets == made
    release.at(NOW + timedelta(days=61)).renew()
    for name, data in release.secrets.items():
        is_certificate = name.endswith("-certificate")
        assert (data != made[name]) == is_certificate
        if is_certificate:
            assert data["ca.crt"] == made[name]["ca.crt"]
            assert certificate(data["tls.crt"]).not_valid_after_utc > NOW + timedelta(days=150)


def test_the_renewal_s_account_can_renew(release: Release) -> None:
    release.at(NOW - timedelta(days=70)).ensure()
    made = release.secrets["etcd-certificate"]
    done = release.run("renewal", "--renew")
    assert (done.returncode, done.stderr) == (0, "")
    assert release.secrets["etcd-certificate"] != made


def test_a_certificate_follows_the_names_that_values_give(release: Release) -> None:
    release.at(NOW).ensure()
    made = release.secrets
    certificates = [dict(each) for each in release.plan["certificates"]]
    certificates[0]["hosts"] = [*certificates[0]["hosts"], "isthmus.example.org"]
    release.at(NOW, certificates=certificates).ensure()
    assert {name for name, data in release.secrets.items() if data != made[name]} == {"control-plane-certificate"}
    names = certificate(release.secrets["control-plane-certificate"]["tls.crt"]).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert "isthmus.example.org" in names.value.get_values_for_type(x509.DNSName)


def test_an_authority_is_followed_by_another_with_both_trusted_in_between(release: Release) -> None:
    release.at(NOW).ensure()
    old = release.secrets["authority"]
    new = Authority.create(NOW).pair
    release.put("authority", "trusted.crt", new.certificate)
    pair = release.secrets["data-plane-certificate"]["tls.crt"]
    release.at(NOW).renew()
    assert release.secrets["data-plane-certificate"]["tls.crt"] == pair
    trusted = x509.load_pem_x509_certificates(release.secrets["data-plane-certificate"]["ca.crt"])
    assert trusted == [certificate(old["tls.crt"]), certificate(new.certificate)]
    for key, content in (("tls.crt", new.certificate), ("tls.key", new.key), ("trusted.crt", old["tls.crt"])):
        release.put("authority", key, content)
    release.at(NOW).renew()
    renewed = release.secrets["data-plane-certificate"]
    certificate(renewed["tls.crt"]).verify_directly_issued_by(certificate(new.certificate))
    assert len(x509.load_pem_x509_certificates(renewed["ca.crt"])) == 2


def test_planes_trust_each_other_and_etcd_trusts_no_replica(release: Release, tmp_path: Path) -> None:
    release.at(NOW).ensure()
    control_plane = context(tmp_path, release.secrets, "control-plane", ssl.PROTOCOL_TLS_SERVER)
    replica = context(tmp_path, release.secrets, "data-plane", ssl.PROTOCOL_TLS_CLIENT)
    handshake(control_plane, replica, "edge-isthmus-control-plane.gateways.svc")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(control_plane, replica, "another-control-plane.gateways.svc")
    etcd = context(tmp_path, release.secrets, "etcd", ssl.PROTOCOL_TLS_SERVER)
    host = "edge-isthmus-etcd-1.edge-isthmus-etcd.gateways.svc"
    for name in ("etcd-client", "etcd"):  # members are each other's clients
        handshake(etcd, context(tmp_path, release.secrets, name, ssl.PROTOCOL_TLS_CLIENT), host)
    replica.load_verify_locations(cadata=release.secrets["etcd-certificate"]["ca.crt"].decode())
    with pytest.raises(ssl.SSLError, match="certificate verify failed"):
        handshake(etcd, replica, host)


def test_a_replica_proves_its_gateway(release: Release) -> None:
    release.at(NOW).ensure()
    names = certificate(release.secrets["data-plane-certificate"]["tls.crt"]).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert names.value.get_values_for_type(x509.UniformResourceIdentifier) == ["spiffe://isthmus.local/gateway/default"]


def context(folder: Path, secrets: Secrets, name: str, protocol: int) -> ssl.SSLContext:
    """One side with that certificate, which asks for the other's."""
    data = secrets[f"{name}-certificate"]
    for key, content in data.items():
        (folder / key).write_bytes(content)
    made = ssl.SSLContext(protocol)
    made.verify_mode = ssl.CERT_REQUIRED
    made.verify_flags |= ssl.VERIFY_X509_STRICT
    made.load_verify_locations(folder / "ca.crt")
    made.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    return made


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
