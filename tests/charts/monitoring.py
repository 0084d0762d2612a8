"""The rules of a release, and promtool to try them with."""

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from scripts.tools import obtain
from tests.charts.chart import find, render, values_file

PROMTOOL_SECONDS = 60
ALL_PARTS: dict[str, Any] = {
    "monitoring": {"rules": {"enabled": True}},
    "collector": {"enabled": True},
    "backup": {"enabled": True},
}

Rule = dict[str, Any]


class Refused(Exception):
    """promtool's words."""


def rule_groups(folder: Path, values: dict[str, Any]) -> dict[str, Any]:
    """The spec of the release's PrometheusRule, which is what Prometheus reads as a file."""
    spec = find(render("helm3", values_file(folder, values)), "PrometheusRule", "edge-isthmus")["spec"]
    assert isinstance(spec, dict)
    return spec


def rules_of(groups: dict[str, Any]) -> list[Rule]:
    return [rule for group in groups["groups"] for rule in group["rules"]]


def check_rules(folder: Path, groups: dict[str, Any]) -> None:
    """Raises: Refused: promtool finds them wrong."""
    _promtool("check", "rules", str(_write(folder / "rules.yaml", groups)))


def try_rules(folder: Path, groups: dict[str, Any], tests: list[dict[str, Any]]) -> None:
    """Raises: Refused: a test of them failed."""
    rules = _write(folder / "rules.yaml", groups)
    body = {"rule_files": [str(rules)], "evaluation_interval": "1m", "tests": tests}
    _promtool("test", "rules", str(_write(folder / "tests.yaml", body)))


def check_expressions(folder: Path, expressions: Iterable[str]) -> None:
    """Raises: Refused: one of them cannot be parsed."""
    rules = [{"record": f"checked:number{number}", "expr": each} for number, each in enumerate(expressions)]
    check_rules(folder, {"groups": [{"name": "checked", "rules": rules}]})


def used_labels(text: str) -> set[str]:
    """The labels that an annotation shows."""
    return set(re.findall(r"\$labels\.(\w+)", text))


def _write(file: Path, content: dict[str, Any]) -> Path:
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    return file


def _promtool(*arguments: str) -> None:
    done = subprocess.run(
        [obtain("promtool"), *arguments], capture_output=True, text=True, timeout=PROMTOOL_SECONDS, check=False
    )
    if done.returncode:
        raise Refused(done.stdout + done.stderr)
