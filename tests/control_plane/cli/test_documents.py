"""Reading files, folders and standard input."""

from pathlib import Path

import pytest

from control_plane.cli.documents import label, read_documents
from control_plane.cli.errors import CliError, ExitCode

TEAM = "kind: Team\nmetadata: {name: red}\n"


def test_documents_come_with_the_file_that_each_is_in(tmp_path: Path) -> None:
    first, second = tmp_path / "a.yaml", tmp_path / "b.json"
    first.write_text(f"{TEAM}---\n{TEAM.replace('red', 'blue')}")
    second.write_text('[{"kind": "Team", "metadata": {"name": "green"}}]')
    found = [(source, document["metadata"]["name"]) for source, document in read_documents((str(tmp_path),))]
    assert found == [(str(first), "red"), (str(first), "blue"), (str(second), "green")]


def test_a_volume_that_kubernetes_mounts_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "..2026_11_24").mkdir()
    (tmp_path / "..2026_11_24" / "a.yaml").write_text(TEAM)
    (tmp_path / "..data").symlink_to("..2026_11_24")
    (tmp_path / "a.yaml").symlink_to("..data/a.yaml")
    assert [source for source, _ in read_documents((str(tmp_path),))] == [str(tmp_path / "a.yaml")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: &a [1]\nb: *c\n", "the alias '*c' has no anchor"),
        (b"kind: Team\nkind: Team\n", "the key 'kind' is there twice"),
        (b"\xff", "byte 0 is not UTF-8"),
        (b"just text", "document 1 must be an object"),
        (b"- " + b"[" * 100 + b"]" * 100, "nested more than"),
        (b"x: " + b"y" * (5 << 20), "at most 4194304 are allowed"),
    ],
    ids=["alias", "twice", "not utf-8", "text", "deep", "large"],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(content)
    with pytest.raises(CliError) as raised:
        read_documents((str(file),))
    assert raised.value.code is ExitCode.INVALID
    assert raised.value.message.startswith(f"{file}: ")
    assert message in raised.value.message


def test_a_file_that_is_not_there_is_a_mistake_of_usage(tmp_path: Path) -> None:
    with pytest.raises(CliError, match=r"cannot read .*none\.yaml: No such file") as raised:
        read_documents((str(tmp_path / "none.yaml"),))
    assert raised.value.code is ExitCode.USAGE


def test_what_may_be_no_resource_has_a_label() -> None:
    labels = [label(each) for each in ({"kind": "Team", "metadata": {"name": "red"}}, {"kind": 1, "metadata": 2}, {})]
    assert labels == ["Team 'red'", "1", "document"]
