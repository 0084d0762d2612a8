"""Releases with what is off by default, as processes: seed, collector, backups, TLS in the replicas; an etcd outside.

What stands in for a cluster: tests/e2e/test_newcomer.py.
"""

import asyncio
import subprocess
import time
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path

import pytest
import trustme
import yaml

from control_plane.cli.etcd_binary import EtcdBinary
from tests.charts.local_cluster import LocalCluster, local_cluster
from tests.fakes.etcd_cluster import EtcdCluster

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

POLL_SECONDS = 0.2
HOST = "ai.example.org"
PASSWORD = "correct-horse"
PROVIDER = {"type": "OpenAICompatible", "baseUrl": "https://models.example/v1", "auth": {"type": "None"}}
VERSIONS = [{"name": "v1", "targets": [{"providerRef": {"name": "mine"}}]}]
ROUTE = {
    "matches": [{"path": {"value": "/v1"}}],
    "models": {"refs": [{"name": "chat"}]},
    "authentication": {"methods": ["Anonymous"]},
}


def document(kind: str, name: str, spec: object) -> dict[str, object]:
    return {"apiVersion": "isthmus.dev/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


VALUES = {
    "seed": {
        "enabled": True,
        "resources": [
            document("Provider", "mine", PROVIDER),
            document("Model", "chat", {"versions": VERSIONS}),
            document("Route", "models", ROUTE),
        ],
    },
    "collector": {"enabled": True},
    "backup": {"enabled": True},
    "dataPlane": {"listeners": {"https": {"enabled": True, "certificateSecrets": ["edge-tls"]}}},
    "monitoring": {
        "scrapeAnnotations": True,
        "serviceMonitors": {"enabled": True},
        "rules": {"enabled": True},
        "dashboards": {"enabled": True},
    },
}


@pytest.mark.parametrize("helm", ["helm3", "helm4"])
def test_all_parts_work_together(helm: str, tmp_path: Path, etcd_binary: EtcdBinary) -> None:
    with local_cluster(tmp_path, helm, etcd_binary.path) as cluster:
        home = tmp_path / "home"
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(home / "ca.pem"))
        renew_secret(cluster, authority)
        (home / "values.yaml").write_text(yaml.safe_dump(VALUES))
        cluster.shell("helm install edge charts/isthmus -n gateways --wait --timeout 3m -f values.yaml")
        started = list(cluster.kubelet.restarts)  # parts that wait for each other may be started anew
        assert "Succeeded" in cluster.shell("helm test edge -n gateways --logs")

        models = f"curl -sS --cacert ca.pem {resolved(cluster)}/v1/models"
        assert '"chat"' in cluster.shell(models)
        before = served_certificate(cluster)
        renew_secret(cluster, authority)
        poll(lambda: served_certificate(cluster) != before, cluster)
        assert '"chat"' in cluster.shell(models)

        for name in ("backup", "renewal"):
            run_cron_job(cluster, f"edge-isthmus-{name}")
        assert list((tmp_path / "claims" / "edge-isthmus-backup").rglob("*")) != []
        assert cluster.kubelet.restarts == started, cluster.state()
        assert (cluster.kubelet.killed, cluster.kubelet.failures) == ([], [])


# What the chart's README asks of the user: all rights on Isthmus's own keys.
USERS = """
user add root:{password} && user grant-role root root
role add isthmus && role grant-permission isthmus --prefix=true readwrite /isthmus/
user add isthmus:{password} && user grant-role isthmus isthmus
auth enable
"""


@pytest.mark.parametrize("helm", ["helm3", "helm4"])
async def test_a_release_uses_an_etcd_with_tls_and_users(helm: str, tmp_path: Path, etcd_binary: EtcdBinary) -> None:
    async with EtcdCluster(etcd_binary, tmp_path / "etcd", size=3, tls=True) as etcd:
        assert etcd.tls is not None
        await asyncio.to_thread(enable_users, etcd_binary, etcd)
        with local_cluster(tmp_path, helm, etcd_binary.path) as cluster:
            tls = " ".join(
                f"--from-file={key}={file}"
                for key, file in zip(("ca.crt", "tls.crt", "tls.key"), astuple(etcd.tls), strict=True)
            )
            secrets = (
                "kubectl create namespace gateways\n"
                f"kubectl create secret generic etcd-tls -n gateways {tls}\n"
                f"kubectl create secret generic etcd-user -n gateways --from-literal=username=isthmus "
                f"--from-literal=password={PASSWORD}"
            )
            await asyncio.to_thread(cluster.shell, secrets)
            options = (
                f"--set 'etcd.endpoints={{{','.join(etcd.endpoints)}}}' --set etcd.tls.existingSecret=etcd-tls "
                "--set etcd.tls.clientCertificate=true --set etcd.auth.existingSecret=etcd-user"
            )
            install = f"helm install edge charts/isthmus -n gateways --wait --timeout 2m {options}"
            await asyncio.to_thread(cluster.shell, install)
            assert "Succeeded" in await asyncio.to_thread(cluster.shell, "helm test edge -n gateways --logs")


def enable_users(binary: EtcdBinary, etcd: EtcdCluster) -> None:
    assert etcd.tls is not None
    ca, certificate, key = astuple(etcd.tls)
    options = [f"--endpoints={etcd.endpoints[0]}", f"--cacert={ca}", f"--cert={certificate}", f"--key={key}"]
    for line in USERS.format(password=PASSWORD).replace("&&", "\n").split("\n"):
        if line.strip():
            argv = [str(binary.path.with_name("etcdctl")), *options, *line.split()]
            subprocess.run(argv, env={"ETCDCTL_API": "3"}, check=True, capture_output=True, timeout=30)


def renew_secret(cluster: LocalCluster, authority: trustme.CA) -> None:
    home = cluster.folder / "home"
    issued = authority.issue_cert(HOST)
    issued.private_key_pem.write_to_path(str(home / "key.pem"))
    issued.cert_chain_pems[0].write_to_path(str(home / "cert.pem"))
    secret = "kubectl create secret tls edge-tls -n gateways --cert=cert.pem --key=key.pem"
    cluster.shell(
        "kubectl get namespace gateways >/dev/null 2>&1 || kubectl create namespace gateways\n"
        f"kubectl delete secret edge-tls -n gateways --ignore-not-found\n{secret}"
    )


def resolved(cluster: LocalCluster) -> str:
    front = cluster.network.reach("edge-isthmus-data-plane", 443)
    return f"--resolve {HOST}:{front.port}:{front.address} https://{HOST}:{front.port}"


def served_certificate(cluster: LocalCluster) -> str:
    return cluster.shell(f"curl -sS -o /dev/null --cacert ca.pem -w '%{{certs}}' {resolved(cluster)}/v1/models")


def run_cron_job(cluster: LocalCluster, name: str) -> None:
    """As `kubectl create job --from=cronjob/NAME`, which sends what the tests' API does not read."""
    cron_job = cluster.api.find("CronJob", name)
    assert cron_job is not None
    spec = cron_job["spec"]["jobTemplate"]["spec"]
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": f"{name}-now"}, "spec": spec}
    cluster.api.create(job, "gateways")
    cluster.shell(f"kubectl wait -n gateways --for=condition=complete job/{name}-now --timeout=60s")


def poll(condition: Callable[[], bool], cluster: LocalCluster) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, cluster.state()
        time.sleep(POLL_SECONDS)
