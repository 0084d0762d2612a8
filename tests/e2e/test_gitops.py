"""The workflow's own shell steps, and those for GitLab, run against a real control plane with real replicas."""

import asyncio
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fakes.fleet import Fleet

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / ".github" / "workflows" / "isthmus-config.yml"
GITLAB = ROOT / "examples" / "gitops" / ".gitlab-ci.yml"
CONFIG = ROOT / "examples" / "gitops" / "config" / "shop.yaml"
STEP_SECONDS = 60


@dataclass
class Runner:
    """Runs steps as a runner does: each in a shell of its own, with the environment that earlier ones have left."""

    folder: Path
    inputs: dict[str, object]
    secrets: dict[str, str]
    log: str = ""
    _left: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("env", "summary"):
            (self.folder / name).write_text("")

    @property
    def summary(self) -> str:
        return (self.folder / "summary").read_text()

    async def run_job(self, name: str) -> int:
        """The exit status of the first step that fails; 0: none has."""
        job = yaml.safe_load(WORKFLOW.read_text())["jobs"][name]
        (self.folder / "summary").write_text("")
        for step in job["steps"]:
            # What comes from elsewhere is there already: the checkout, Python, and the command.
            if "run" in step and step["name"] != "Install the command":
                environment = {**job["env"], **step.get("env", {})}
                status = await self.run(step["run"], {key: self._value(value) for key, value in environment.items()})
                if status:
                    return status
        return 0

    async def run(self, script: str, environment: dict[str, str]) -> int:
        for line in (self.folder / "env").read_text().splitlines():
            name, _, value = line.partition("=")
            self._left[name] = value
        own = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(each for each in sys.path if each),
            "HOME": str(self.folder),
            "RUNNER_TEMP": str(self.folder),
            "GITHUB_ENV": str(self.folder / "env"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
        }
        process = await asyncio.create_subprocess_exec(
            *("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script),
            cwd=self.folder,
            env={**own, **self._left, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        async with asyncio.timeout(STEP_SECONDS):
            printed, _ = await process.communicate()
        self.log += printed.decode()
        return process.returncode or 0

    def _value(self, text: str) -> str:
        def found(match: re.Match[str]) -> str:
            place, name = match[1], match[2]
            return str(self.inputs[name]) if place == "inputs" else self.secrets.get(name, "")

        return re.sub(r"\$\{\{ (inputs|secrets)\.([\w-]+) \}\}", found, text)


@pytest.fixture
async def runner(fleet: Fleet, tmp_path: Path) -> Runner:
    async def token(scope: str) -> str:
        return str((await fleet.call("POST", "/v1/tokens", {"scopes": [scope]}))["token"])

    (tmp_path / "config").mkdir()
    documents = ["apiVersion: isthmus.dev/v1\nkind: Tenant\nmetadata: {name: git, tenant: platform}\n"]
    documents += [
        each.replace("labels: {managed-by: git}", "tenant: git\n  labels: {managed-by: git}")
        for each in CONFIG.read_text().split("---\n")
    ]
    (tmp_path / "config" / "shop.yaml").write_text("---\n".join(documents))
    inputs: dict[str, object] = {
        "path": "config",
        "url": fleet.control_planes[0].url,
        "context": "test",
        "ca": fleet.pki.authority.read_text(),
        "timeout": 30,
        "require-replicas": 3,
        "prune-selector": "managed-by=git",
    }
    return Runner(tmp_path, inputs, {"read-token": await token("read"), "write-token": await token("write")})


async def exists(fleet: Fleet, plural: str, name: str) -> bool:
    items = (await fleet.call("GET", f"/v1/tenants/git/{plural}"))["items"]
    return name in [item["metadata"]["name"] for item in items]


async def test_a_change_is_shown_applied_pruned_and_rolled_back_by_the_workflow(fleet: Fleet, runner: Runner) -> None:
    file = runner.folder / "config" / "shop.yaml"
    assert await runner.run_job("check") == 0, runner.log
    assert "What would change at `test`" in runner.summary
    assert "+  name: shop-assistant" in runner.summary
    assert not await exists(fleet, "models", "shop-assistant")

    assert await runner.run_job("apply") == 0, runner.log
    assert "`test`: In force." in runner.summary
    assert "6 of 6 in force on 3 replicas" in runner.summary
    assert await runner.run_job("check") == 0
    assert "Nothing would change" in runner.summary

    whole = file.read_text()
    file.write_text(re.sub(r"---\n[^-]*kind: Route\n.*", "", whole, flags=re.DOTALL).replace("Checkout", "Till"))
    assert await runner.run_job("apply") == 0, runner.log
    assert not await exists(fleet, "routes", "shop-models")

    runner.inputs |= {"require-replicas": 9, "timeout": 1}
    file.write_text(whole)
    assert await runner.run_job("apply") == 10, runner.log
    assert "`test`: Not in force; rolled back." in runner.summary
    assert not await exists(fleet, "routes", "shop-models")
    team = (await fleet.call("GET", "/v1/tenants/git/teams"))["items"][0]
    assert team["spec"]["displayName"] == "Till"
    await _clean_up(fleet)


async def test_files_that_are_wrong_end_the_check_and_a_fork_is_told_that_nothing_is_compared(runner: Runner) -> None:
    runner.secrets = {}
    assert await runner.run_job("check") == 0, runner.log
    assert "nothing is compared with `test`" in runner.summary
    file = runner.folder / "config" / "shop.yaml"
    file.write_text(file.read_text().replace("teamRef", "teamReference"))
    assert await runner.run_job("check") == 3
    assert "teamReference" in runner.log


async def test_a_token_that_may_only_read_shows_differences_and_changes_nothing(fleet: Fleet, runner: Runner) -> None:
    runner.secrets["write-token"] = runner.secrets["read-token"]
    assert await runner.run_job("check") == 0, runner.log
    assert await runner.run_job("apply") == 6, runner.log
    assert "Refused, or not reached (exit status 6)" in runner.summary


async def test_the_scripts_for_gitlab_do_the_same(fleet: Fleet, runner: Runner) -> None:
    pipeline: dict[str, Any] = yaml.safe_load(GITLAB.read_text())
    environment = {
        **pipeline["variables"],
        "ISTHMUS_ADMIN_URL": fleet.control_planes[0].url,
        "ISTHMUS_READ_TOKEN": runner.secrets["read-token"],
        "ISTHMUS_WRITE_TOKEN": runner.secrets["write-token"],
    }
    for job in ("check", "production"):
        assert await runner.run("\n".join(pipeline[job]["script"]), environment) == 0, runner.log
    assert await exists(fleet, "models", "shop-assistant")
    await _clean_up(fleet)


async def _clean_up(fleet: Fleet) -> None:
    for plural in ("routes", "models", "providers", "applications", "teams"):
        for item in (await fleet.call("GET", f"/v1/tenants/git/{plural}"))["items"]:
            await fleet.call("DELETE", f"/v1/tenants/git/{plural}/{item['metadata']['name']}")
    await fleet.call("DELETE", "/v1/tenants/platform/tenants/git")
