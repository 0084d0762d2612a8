"""Releases installed for real: helm and kubectl against a Kubernetes API in memory."""

import base64
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from scripts.tools import obtain
from tests.charts.chart import CHART, NAMESPACE, Refused
from tests.fakes.cluster import Cluster, InstantPods
from tests.fakes.kubernetes_api import KubernetesApi
from tests.fakes.kubernetes_http import kubeconfig, serve

COMMAND_SECONDS = 60
WAIT = ("--wait", "--timeout", "30s")


class Releases:
    """What a user with a cluster does. Nothing of the user's own configuration is seen."""

    def __init__(self, helm: str, folder: Path, api: KubernetesApi, runner: InstantPods) -> None:
        self.helm_version, self.api, self.runner = helm, api, runner
        self._folder = folder

    def helm(self, *arguments: str) -> str:
        return self._run(self.helm_version, *arguments, "--namespace", NAMESPACE)

    def kubectl(self, *arguments: str) -> str:
        return self._run("kubectl", *arguments, "--namespace", NAMESPACE)

    def install(self, values: dict[str, Any], *options: str, name: str = "edge") -> str:
        file = self._values(values)
        return self.helm("install", name, str(CHART), "--create-namespace", "-f", str(file), *WAIT, *options)

    def upgrade(self, values: dict[str, Any], *options: str, name: str = "edge") -> str:
        return self.helm("upgrade", name, str(CHART), "-f", str(self._values(values)), *WAIT, *options)

    def status(self, name: str = "edge") -> str:
        """Helm's word for the last revision."""
        return str(json.loads(self.helm("status", name, "-o", "json"))["info"]["status"])

    def secrets(self) -> dict[str, dict[str, bytes]]:
        """The data of Secrets that are not helm's own, by name."""
        items = json.loads(self.kubectl("get", "secrets", "-o", "json"))["items"]
        return {
            each["metadata"]["name"]: {key: base64.b64decode(value) for key, value in each.get("data", {}).items()}
            for each in items
            if each["type"] != "helm.sh/release.v1"
        }

    def _values(self, values: dict[str, Any]) -> Path:
        file = self._folder / "values.yaml"
        file.write_text(yaml.safe_dump(values))
        return file

    def _run(self, program: str, *arguments: str) -> str:
        done = subprocess.run(
            [obtain(program), *arguments],
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
            env={
                "HOME": str(self._folder),
                "KUBECONFIG": str(self._folder / "kubeconfig"),
                "PATH": "/usr/bin:/bin",
            },
        )
        if done.returncode:
            raise Refused(done.stderr + done.stdout)
        return done.stdout


@contextmanager
def releases(helm: str, folder: Path) -> Iterator[Releases]:
    """A cluster whose pods are ready at once."""
    api = KubernetesApi()
    runner = InstantPods(api)
    with serve(api) as address, Cluster(api, runner).run():
        (folder / "kubeconfig").write_text(kubeconfig(address))
        yield Releases(helm, folder, api, runner)
