"""A cluster on this machine: real helm and kubectl, an API in memory, and pods that are processes."""

import os
import ssl
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from scripts.tools import obtain
from tests.charts.chart import ROOT
from tests.fakes.cluster import Cluster, is_ready, phase_of
from tests.fakes.cluster_network import ClusterNetwork
from tests.fakes.kubelet import Image, Kubelet, Node, require_sandbox
from tests.fakes.kubernetes_api import KubernetesApi
from tests.fakes.kubernetes_http import kubeconfig, serve

COMMAND_SECONDS = 240
LOG_CHARACTERS = 1500  # of each pod, in what a failure shows
# What the base of the image has, beside Python and our own programs; no curl, no wget, no openssl.
BASE_PROGRAMS = (
    *(
        "base64",
        "cat",
        "chmod",
        "cp",
        "cut",
        "date",
        "dirname",
        "env",
        "find",
        "grep",
        "head",
        "hostname",
        "id",
        "ln",
        "ls",
    ),
    *(
        "mkdir",
        "mv",
        "printf",
        "rm",
        "sed",
        "seq",
        "sh",
        "sha256sum",
        "sleep",
        "sort",
        "tail",
        "test",
        "touch",
        "tr",
        "wc",
    ),
)


@dataclass
class LocalCluster:
    """What a newcomer sits in front of: a shell with helm, kubectl and isthmus, in a checkout."""

    folder: Path
    api: KubernetesApi
    kubelet: Kubelet
    network: ClusterNetwork

    def shell(self, commands: str) -> str:
        """Run commands as they are written in a document; the first that fails ends it, and what runs beside.

        Raises:
            AssertionError: with all that they printed.
        """
        script = f"trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n{commands}"
        argv = ["timeout", "--kill-after=5", str(COMMAND_SECONDS), "bash", "-euo", "pipefail", "-c", script]
        with tempfile.TemporaryFile() as output:  # not a pipe: what runs on in the background would keep it open
            done = subprocess.run(
                argv,
                cwd=self.folder / "home",
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
            output.seek(0)
            printed = output.read().decode(errors="replace")
        assert done.returncode == 0, f"{self.state()}\n{commands}\nended with {done.returncode}:\n{printed}"
        return printed

    @property
    def environment(self) -> dict[str, str]:
        return {
            "HOME": str(self.folder / "home"),
            "KUBECONFIG": str(self.folder / "kubeconfig"),
            "PATH": f"{self.folder / 'user-bin'}:/usr/bin:/bin",
        }

    def state(self) -> str:
        """Pods, and the end of what each has printed."""
        kubelet = self.kubelet
        lines = [f"killed {kubelet.killed}, restarts {kubelet.restarts[-20:]}, failures {kubelet.failures}"]
        for pod in self.api.list("Pod"):
            lines.append(f"{pod['metadata']['name']}: {phase_of(pod)}, ready: {is_ready(pod)}")
        for name, log in self.api.logs.items():
            lines.append(f"=== {name}\n{log.read_text(errors='replace')[-LOG_CHARACTERS:]}")
        return "\n".join(lines)


@contextmanager
def local_cluster(folder: Path, helm: str, etcd: Path) -> Iterator[LocalCluster]:
    """Start it empty; every pod is killed at the end."""
    require_sandbox()
    for name in ("home", "user-bin"):
        (folder / name).mkdir()
    for name in ("charts", "examples"):  # what the documents' commands name
        (folder / "home" / name).symlink_to(ROOT / name)
    api = KubernetesApi()
    network = ClusterNetwork(api, folder / "hosts")
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    node = Node(folder, _images(folder, etcd), folder / "hosts", _environment(), authority.cert_pem.bytes().decode())
    kubelet = Kubelet(api, node)
    _write_user_programs(folder / "user-bin", helm)
    with serve(api) as address, serve(api, tls) as inner, network.run(), Cluster(api, kubelet).run():
        node.environment["KUBERNETES_SERVICE_HOST"] = "127.0.0.1"
        node.environment["KUBERNETES_SERVICE_PORT"] = inner.rpartition(":")[2]
        (folder / "kubeconfig").write_text(kubeconfig(address))
        try:
            yield LocalCluster(folder, api, kubelet, network)
        finally:
            kubelet.close()


def _images(folder: Path, etcd: Path) -> dict[str, Image]:
    """By a part of the name: etcd's has its programs only, as its authors' has."""
    of_etcd, of_isthmus = folder / "etcd-bin", folder / "image-bin"
    for each in (of_etcd, of_isthmus):
        each.mkdir()
    for program in (etcd, etcd.with_name("etcdctl")):
        (of_etcd / program.name).symlink_to(program.resolve())
    for name in BASE_PROGRAMS:
        (of_isthmus / name).symlink_to(Path("/usr/bin") / name)
    _write_entry_points(of_isthmus)
    return {"etcd": Image(of_etcd, ("etcd",)), "isthmus": Image(of_isthmus, ("isthmus",))}


def _write_entry_points(folder: Path) -> None:
    """What the package declares, whether or not it is installed anew since."""
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    for name, target in scripts.items():
        module, _, function = target.partition(":")
        text = f"import sys; sys.argv[0] = '{name}'; from {module} import {function}; sys.exit({function}())"
        _write_script(folder / name, f'exec "{sys.executable}" -c "{text}" "$@"')
    for name in ("python", "python3"):
        _write_script(folder / name, f'exec "{sys.executable}" "$@"')


def _write_user_programs(folder: Path, helm: str) -> None:
    kubectl = obtain("kubectl")
    forward = f'"{sys.executable}" "{ROOT}/tests/fakes/port_forward.py" "{kubectl}"'
    choose = f'case " $* " in *" port-forward "*) PYTHONPATH="{ROOT}" exec {forward} "$@";; esac'
    _write_script(folder / "kubectl", f'{choose}\nexec "{kubectl}" "$@"')
    (folder / "helm").symlink_to(obtain(helm))
    command = "import sys; from control_plane.cli.main import main; sys.exit(main())"
    _write_script(folder / "isthmus", f'exec "{sys.executable}" -c "{command}" "$@"')


def _write_script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def _environment() -> dict[str, str]:
    """How the tests' own Python finds the packages, compiled or not."""
    names = ("PYTHONPATH", "PYTHONSAFEPATH")
    return {name: os.environ[name] for name in names if name in os.environ}
