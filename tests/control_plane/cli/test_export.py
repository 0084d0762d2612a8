"""`export` against the API."""

from pathlib import Path

import pytest

from control_plane.cli import export
from tests.fakes.served_api import Isthmus, ServedApi

SET = """
apiVersion: isthmus.dev/v1
kind: Team
metadata: {name: red, labels: {tier: a}}
---
apiVersion: isthmus.dev/v1
kind: Application
metadata: {name: shop}
spec: {teamRef: {name: red}}
---
apiVersion: isthmus.dev/v1
kind: Secret
metadata: {name: key, tenant: platform}
spec: {data: {value: sk-plain}}
"""


def test_what_is_exported_can_be_applied_and_changes_nothing(api: ServedApi, isthmus: Isthmus, tmp_path: Path) -> None:
    isthmus("apply", "-f", "-", stdin=SET)
    file = tmp_path / "all.yaml"
    ran = isthmus("export", "-o", str(file))
    assert (ran.status, ran.err) == (0, "5 resources exported\n")
    assert "sk-plain" not in file.read_text()
    assert {line.split()[1] for line in isthmus("apply", "-f", str(file)).lines} == {"unchanged"}


def test_what_is_exported_can_be_applied_after_all_was_deleted(api: ServedApi, isthmus: Isthmus) -> None:
    isthmus("apply", "-f", "-", stdin=SET)
    exported = isthmus("export", "--tenant", "default").out
    assert "sk-plain" not in exported
    assert "fingerprint" not in exported
    isthmus("delete", "-f", "-", stdin=exported)
    assert isthmus("get", "teams").out == ""
    assert isthmus("apply", "-f", "-", stdin=exported).lines == [
        "default/Team/red created",
        "default/Application/shop created",
    ]


def test_a_folder_gets_as_many_files_as_are_needed_and_is_applied_as_one(
    api: ServedApi, isthmus: Isthmus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    isthmus("apply", "-f", "-", stdin=SET)
    monkeypatch.setattr(export, "FILE_DOCUMENTS", 2)
    assert isthmus("export", "-o", str(tmp_path)).status == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == [f"resources-000{number}.yaml" for number in (1, 2, 3)]
    assert len(isthmus("apply", "--no-atomic", "-f", str(tmp_path)).lines) == 5


def test_a_file_that_cannot_be_written_is_one_line(api: ServedApi, isthmus: Isthmus, tmp_path: Path) -> None:
    ran = isthmus("export", "-o", str(tmp_path / "none" / "a.yaml"))
    assert ran.status == 1
    assert ran.err == f"isthmus: cannot write {tmp_path / 'none' / 'a.yaml'}: No such file or directory\n"
