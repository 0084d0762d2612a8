"""The workflows: free of mistakes that a linter sees, pinned, and with no more rights than they need."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.tools import obtain

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
EXAMPLE = ROOT / "examples" / "gitops" / ".github" / "workflows" / "gateway.yml"
USES = re.compile(r"^\s*(?:- )?uses: (\S+)(.*)$", re.MULTILINE)
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
VERSION = re.compile(r" # v\d+(\.\d+)+")


@pytest.fixture(scope="module")
def linter() -> list[str]:
    return [str(obtain("jactionlint")), "--no-color", f"--shellcheck={obtain('shellcheck')}"]


def lint(linter: list[str], file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*linter, str(file)], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def parse(file: Path) -> dict[str, Any]:
    parsed: dict[Any, Any] = yaml.safe_load(file.read_text())
    return {"on" if key is True else key: value for key, value in parsed.items()}  # YAML 1.1 reads `on` as true


@pytest.mark.parametrize("file", [*WORKFLOWS, EXAMPLE], ids=lambda file: file.name)
def test_the_linter_finds_nothing(linter: list[str], file: Path) -> None:
    found = lint(linter, file)
    assert (found.returncode, found.stdout) == (0, ""), found.stdout


def test_the_linter_finds_what_is_planted(linter: list[str], tmp_path: Path) -> None:
    file = tmp_path / "planted.yml"
    text = (ROOT / ".github" / "workflows" / "isthmus-config.yml").read_text()
    file.write_text(
        text.replace("inputs.timeout }}", "inputs.tmeout }}").replace(
            '"$CONFIG_PATH" "${prune', '$CONFIG_PATH "${prune'
        )
    )
    found = lint(linter, file)
    assert found.returncode
    assert "tmeout" in found.stdout
    assert "SC2086" in found.stdout


@pytest.mark.parametrize("file", [*WORKFLOWS, EXAMPLE], ids=lambda file: file.name)
def test_every_action_is_pinned_by_commit_and_says_its_version(file: Path) -> None:
    uses = USES.findall(file.read_text())
    assert uses
    assert [use for use, comment in uses if not PINNED.fullmatch(use) or not VERSION.fullmatch(comment)] == []


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_rights_are_given_to_jobs_and_the_checkout_keeps_no_token(file: Path) -> None:
    workflow = parse(file)
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert "permissions" in job and "timeout-minutes" in job
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_no_secret_is_in_the_environment_of_more_than_one_step() -> None:
    workflow = parse(ROOT / ".github" / "workflows" / "isthmus-config.yml")
    assert set(workflow["on"]["workflow_call"]["secrets"]) == {"read-token", "write-token"}
    for job in workflow["jobs"].values():
        assert "secrets." not in str(job["env"])
        assert sum("secrets." in str(step) for step in job["steps"]) == 1


def test_both_jobs_install_in_the_same_way() -> None:
    jobs = parse(ROOT / ".github" / "workflows" / "isthmus-config.yml")["jobs"]
    assert jobs["check"]["steps"][:4] == jobs["apply"]["steps"][:4]
