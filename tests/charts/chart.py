"""Renders the chart with real helm."""

import subprocess
from pathlib import Path
from typing import Any

import yaml

from scripts.tools import obtain

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "isthmus"
NAMESPACE = "gateways"
HELM_SECONDS = 30

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


def render(version: str, values: Path, *options: str) -> list[Manifest]:
    """The manifests of a release named `edge`."""
    output = helm(version, "template", "edge", str(CHART), "-n", NAMESPACE, "-f", str(values), *options)
    return [each for each in yaml.safe_load_all(output) if each]


def find(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    (found,) = [each for each in manifests if each["kind"] == kind and each["metadata"]["name"] == name]
    return found
