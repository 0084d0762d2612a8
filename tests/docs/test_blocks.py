"""Nothing in the documentation is there unchecked: what is not run says why, and resources are what admission takes."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from config_schemas.registry import KINDS
from control_plane.cli.commands import COMMANDS
from control_plane.cli.main import isthmus, run
from data_plane.errors import CATALOGUE
from scripts.tools import obtain
from tests.docs.markdown import ROOT, SHELLS, Block, blocks, commands, pages, shows
from tests.fakes.certificates import pair

REASONS = {
    "needs a cluster",
    "needs a code host",
    "needs a container engine",
    "needs a host of one's own",
    "needs a provider's key",
    "needs a registry",
    "needs another shell",
    "runs the tests",
    "takes minutes",
}
HELM_SECONDS = 30
DATA = ("", "diff", "http", "ini", "json", "promql", "sql", "text", "yaml")
PROGRAMS = ("curl ", "helm ", "isthmus ", "kubectl ", "make ", "python ", "sudo ")
OURS = "isthmus.dev/v1"
ALL = [block for page in pages() for block in blocks(page)]
COMMAND = re.compile(r"`(isthmus(?: [a-z][a-z-]*)+)((?: [^`]*)?)`")
TARGET = re.compile(r"`make ([a-z-]+)[^`]*`")
PEMS = {"CERTIFICATE": pair("docs.example")[0], "PRIVATE KEY": pair("docs.example")[1]}
Json = dict[str, Any]


def test_every_block_is_run_or_says_why_not() -> None:
    wrong = []
    for block in ALL:
        if "not run" in block.markers and block.markers["not run"] not in REASONS:
            wrong.append(f"{block.place}: 'not run' for a reason that is none of {sorted(REASONS)}")
        elif block.language not in (*SHELLS, *DATA, "python"):
            wrong.append(f"{block.place}: nobody knows how to check '{block.language}'")
        elif block.language in ("", "text") and "prints" not in block.markers:
            lines = [line for line in block.text.splitlines() if "[OPTIONS]" not in line]
            if any(line.lstrip("$ ").startswith(PROGRAMS) for line in lines):
                wrong.append(f"{block.place}: commands that are not marked as such")
        elif block.language == "console" and not commands(block):
            wrong.append(f"{block.place}: no line begins with `$ `")
    assert wrong == []


def test_what_is_not_run_is_counted() -> None:
    """So that the number does not grow unseen: raise it with a reason, lower it when you can."""
    left_out = [f"{block.place}: {block.markers['not run']}" for block in ALL if "not run" in block.markers]
    assert len(left_out) <= 20, "\n".join(left_out)


@pytest.mark.parametrize("block", [block for block in ALL if block.language == "yaml"], ids=lambda block: block.place)
def test_yaml_is_what_it_claims_to_be(block: Block, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    if "values" in block.markers:
        _render_chart(block)
        return
    documents = [each for each in yaml.safe_load_all(_with_real_keys(block.text)) if each is not None]
    resources = [each for each in (_resource(block, document) for document in documents) if each is not None]
    if resources:
        file = tmp_path / "block.yaml"
        file.write_text(yaml.safe_dump_all(resources))
        assert run(["validate", "-f", str(file)]) == 0, f"{block.place}: {capfd.readouterr().err}"


def _resource(block: Block, document: Json) -> Json | None:
    """A whole resource of what may be a part of one; None for what is none of ours."""
    if "part of" in block.markers:
        kind, *path = block.markers["part of"].split(".")
        for field in reversed(path):
            document = {field: document}
        document = {"kind": kind, **document}
    if document.get("kind") not in KINDS or document.get("apiVersion", OURS) != OURS:
        assert "not run" in block.markers or "file" in block.markers or "apiVersion" in document, (
            f"{block.place}: neither a resource, nor does it say of which it is a part"
        )
        return None
    tenant = "platform" if KINDS[document["kind"]].SCOPE == "Platform" else "default"
    metadata = {"name": "shown", "tenant": tenant, **document.get("metadata", {})}
    return {"apiVersion": OURS, **document, "metadata": metadata}


def _render_chart(block: Block) -> None:
    """Values of the chart go through its schema and its templates."""
    argv = [str(obtain("helm3")), "template", "edge", str(ROOT / "charts" / "isthmus"), "--values", "-"]
    done = subprocess.run(argv, input=block.text, capture_output=True, text=True, timeout=HELM_SECONDS, check=False)
    assert done.returncode == 0, f"{block.place}: {done.stderr}"


def _with_real_keys(text: str) -> str:
    """What is cut short on a page, whole."""
    for name, pem in PEMS.items():
        text = text.replace(f'"-----BEGIN {name}-----..."', json.dumps(pem.decode()))
    return text


def test_json_can_be_read() -> None:
    for block in ALL:
        if block.language == "json":
            json.loads(block.text)


@pytest.mark.parametrize("page", pages())
def test_commands_in_sentences_exist(page: str) -> None:
    text = (ROOT / page).read_text()
    wrong = [found[0] for found in COMMAND.finditer(text) if not _exists(found[1].split()[1:], found[2])]
    targets = {line.partition(":")[0] for line in (ROOT / "Makefile").read_text().splitlines()}
    wrong += [found[0] for found in TARGET.finditer(text) if found[1] not in targets]
    assert wrong == []


def _exists(names: list[str], rest: str) -> bool:
    """Whether there is such a command with such options. Names end where a command has no others below it."""
    command: click.Command = isthmus
    for name in names:
        if not isinstance(command, click.Group):
            break
        entry = command.get_command(click.Context(command), name)
        if entry is None:
            return False
        command = entry
    known = {option for each in command.params for option in each.opts} | {"--help"}
    known |= {option for each in isthmus.params for option in each.opts}
    return {each.rstrip(",.;") for each in re.findall(r"(?<= )--?[a-z][a-z-]*", rest)} <= known


def test_troubleshooting_knows_every_error_that_a_client_may_be_given() -> None:
    text = (ROOT / "docs" / "troubleshooting.md").read_text()
    assert [error.code for error in CATALOGUE if f"`{error.code}`" not in text] == []


def test_every_command_has_its_place_in_the_pages() -> None:
    text = "\n".join((ROOT / page).read_text() for page in pages() if page != "docs/reference/commands.md")
    assert [entry.name for entry in COMMANDS if f"isthmus {entry.name}" not in text] == []


@pytest.mark.parametrize(
    ("expected", "printed", "is_like"),
    [
        ("Model  chat  Programmed", "Model chat   Programmed", True),
        ("revision 12", "revision 4711", True),
        ("...\nend", "a\nb\nend", True),
        ("b\na", "a\nb", False),
        ("is refused", "is accepted", False),
        ("isk_abc", "isk_0f_9", True),
        ("id <id>", "id 7f", True),
    ],
)
def test_an_output_is_compared_but_for_what_changes(expected: str, printed: str, is_like: bool) -> None:
    assert shows(expected, printed) is is_like


def test_blocks_are_read_with_their_markers() -> None:
    text = (
        "<!-- exits 8 -->\n```sh\na\n```\n\ntext\n<!-- not run: takes minutes -->\n\n```sh\nb\n```\n\n```yaml\nc\n```\n"
    )
    found = [(block.language, block.text, dict(block.markers)) for block in blocks("page", text)]
    assert found == [("sh", "a\n", {"exits": "8"}), ("sh", "b\n", {"not run": "takes minutes"}), ("yaml", "c\n", {})]
