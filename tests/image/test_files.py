"""What can be said of the image's files without making it."""

import re
import subprocess
import tomllib
from pathlib import PurePosixPath

import pytest
import yaml

from scripts.tools import ROOT, obtain
from tests.fakes.image import Dockerfile, context

SCRIPT = ROOT / "build" / "rootfs.sh"
WORKFLOW = ROOT / ".github" / "workflows" / "release.yml"


@pytest.mark.parametrize(
    ("tool", "file"), [("shellcheck", "build/rootfs.sh"), ("hadolint", "Dockerfile")], ids=["script", "Dockerfile"]
)
def test_linter_finds_nothing(tool: str, file: str) -> None:
    done = subprocess.run([obtain(tool), ROOT / file], capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stdout


def test_dockerfile_runs_only_steps_of_the_script() -> None:
    runs = [value for name, value in Dockerfile.read().instructions if name == "RUN"]
    steps = [re.search(r'/build/rootfs\.sh"?[ ,]+"?(\w+)', run) for run in runs]
    assert [step and step[1] for step in steps] == ["prepare", "build", "runtime", "verify"]
    assert not [run for run in runs if ";" in run or "&&" in run]


def test_dockerfile_names_a_user_and_no_entry_point() -> None:
    dockerfile = Dockerfile.read()
    names = [name for name, _ in dockerfile.instructions]
    assert dockerfile.user == "65532:65532"
    assert "ENTRYPOINT" not in names
    assert "VOLUME" not in names


def test_dockerfile_takes_its_base_from_whoever_builds() -> None:
    bases = [value.split()[0] for name, value in Dockerfile.read().instructions if name == "FROM"]
    assert bases == ["${BASE_IMAGE}", "${BASE_IMAGE}"]


def test_build_context_holds_sources_only() -> None:
    folders = {path.parts[0] for path in context() if len(path.parts) > 1}
    assert folders == {
        *("build", "config_schemas", "control_plane", "data_plane", "examples", "proto", "requirements", "scripts")
    }
    assert not [path for path in context() if path.suffix == ".pyc" or "__pycache__" in path.parts]


def test_build_context_holds_all_that_the_wheel_is_made_from() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    wanted = {*wheel["packages"], *wheel["force-include"], project["project"]["readme"], "LICENSE"}
    have = {str(parent) for path in context() for parent in (path, *path.parents)}
    assert not wanted - have


def test_every_program_is_verified_to_be_on_path() -> None:
    programs = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    named = re.search(r"for name in isthmus isthmus-\{([a-z,-]+)\} python sleep", SCRIPT.read_text())
    assert named is not None
    assert {"isthmus", *(f"isthmus-{name}" for name in named[1].split(","))} == set(programs)


def test_chart_runs_as_the_user_that_owns_the_image_s_data() -> None:
    template = (ROOT / "charts" / "isthmus" / "templates" / "_pods.tpl").read_text()
    user, group = Dockerfile.read().user.split(":")
    assert re.search(rf"runAsUser: {user}\n +runAsGroup: {group}\n", template)


def test_workflow_pins_each_action_by_commit_and_says_its_version() -> None:
    uses = re.findall(r"uses: +(\S+)(.*)", WORKFLOW.read_text())
    loose = [
        action
        for action, comment in uses
        if not action.startswith("./") and not (re.search(r"@[0-9a-f]{40}$", action) and re.match(r" # v\d", comment))
    ]
    assert uses
    assert not loose


def test_workflow_grants_each_job_only_what_it_names() -> None:
    workflow = yaml.safe_load(WORKFLOW.read_text())
    assert workflow["permissions"] == {}
    assert not [name for name, job in workflow["jobs"].items() if "permissions" not in job]
    assert workflow["jobs"]["test"]["permissions"] == {"contents": "read"}


def test_workflow_builds_what_the_dockerfile_takes() -> None:
    arguments = {value.partition("=")[0] for name, value in Dockerfile.read().instructions if name == "ARG"}
    given = set(re.findall(r"^ +([A-Z_]+)=\$\{\{", WORKFLOW.read_text(), re.MULTILINE))
    assert given == arguments


def test_lock_files_of_the_image_hold_what_is_tested() -> None:
    runtime, slim, full = (_pins(f"requirements/{name}.txt") for name in ("runtime", "image-slim", "image-full"))
    assert set(runtime.items()) <= set(slim.items())
    assert {name: full[name] for name in slim if name in full} == slim


def _pins(file: str) -> dict[str, str]:
    lines = (ROOT / PurePosixPath(file)).read_text().splitlines()
    found = (re.match(r"([a-z0-9-]+)==(\S+)", line) for line in lines if "win32" not in line)
    return {match[1]: match[2] for match in found if match}
