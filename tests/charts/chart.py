"""Renders the chart with real helm."""

import functools
import json
import operator
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import yaml

from scripts.tools import obtain

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "isthmus"
NAMESPACE = "gateways"
HELM_SECONDS = 30
FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Manifest = dict[str, Any]


class Refused(Exception):
    """Helm's words."""


def helm(version: str, *arguments: str) -> str:
    """Run `helm3` or `helm4` without a cluster or a configuration of the user.

    Raises:
        Refused: helm ended with an error.
    """
    done = subprocess.run(
        [obtain(version), *arguments],
        capture_output=True,
        text=True,
        timeout=HELM_SECONDS,
        check=False,
        env={"HOME": "/nonexistent", "PATH": "/usr/bin:/bin"},
    )
    if done.returncode:
        raise Refused(done.stderr + done.stdout)
    return done.stdout


def values_file(folder: Path, values: dict[str, Any]) -> Path:
    file = folder / "values.yaml"
    file.write_text(yaml.safe_dump(values))
    return file


def render(version: str, values: Path, *options: str, name: str = "edge") -> list[Manifest]:
    """The manifests of a release."""
    output = helm(version, "template", name, str(CHART), "-n", NAMESPACE, "-f", str(values), *options)
    return [each for each in yaml.load_all(output, FAST) if each]


@functools.cache
def _render_once(version: str, values: str, name: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        return json.dumps(render(version, values_file(Path(folder), json.loads(values)), name=name))


def manifests_of(values: dict[str, Any], version: str = "helm3", *, name: str = "edge") -> list[Manifest]:
    """As `render`, but only once for the same values."""
    manifests: list[Manifest] = json.loads(_render_once(version, json.dumps(values), name))
    return manifests


def find(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    (found,) = [each for each in manifests if each["kind"] == kind and each["metadata"]["name"] == name]
    return found


POD_TEMPLATES = {
    **dict.fromkeys(("Deployment", "StatefulSet", "Job"), ("spec", "template")),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "Pod": (),
}


def pods(manifests: list[Manifest]) -> list[Manifest]:
    """Every pod, or template of pods, that a release has, its hooks included."""
    return [
        functools.reduce(operator.getitem, POD_TEMPLATES[each["kind"]], each)
        for each in manifests
        if each["kind"] in POD_TEMPLATES
    ]


def containers(pod: Manifest) -> list[Manifest]:
    """Those of a pod's spec, its init containers first."""
    return [*pod.get("initContainers", []), *pod["containers"]]
