"""`apply` against the API."""

from pathlib import Path

import pytest

from control_plane.cli import batch
from tests.fakes.served_api import Isthmus, ServedApi

PROVIDER = """
apiVersion: isthmus.dev/v1
kind: Provider
metadata: {name: local}
spec: {type: OpenAICompatible, baseUrl: "http://127.0.0.1:1/v1", auth: {type: None}}
"""
MODEL = """
apiVersion: isthmus.dev/v1
kind: Model
metadata: {name: gpt, labels: {team: search}}
spec: {versions: [{name: v1, targets: [{providerRef: {name: local}}]}]}
"""
BAD_MODEL = MODEL.replace("versions:", "version:")
TEAMS = "---".join(
    f"\napiVersion: isthmus.dev/v1\nkind: Team\nmetadata: {{name: t{number}, labels: {{by: files}}}}\n"
    for number in range(41)
)


def test_files_of_a_folder_are_applied_together_and_again_change_nothing(
    api: ServedApi, isthmus: Isthmus, tmp_path: Path
) -> None:
    (tmp_path / "nested").mkdir()
    (tmp_path / "a-model.yaml").write_text(MODEL)
    (tmp_path / "nested" / "provider.yml").write_text(PROVIDER)
    (tmp_path / "README.md").write_text("not a resource")
    first = isthmus("apply", "-f", str(tmp_path))
    assert (first.status, first.lines) == (0, ["default/Model/gpt created", "default/Provider/local created"])
    assert isthmus("apply", "-f", str(tmp_path)).lines == [
        "default/Model/gpt unchanged",
        "default/Provider/local unchanged",
    ]


def test_standard_input_is_applied(api: ServedApi, isthmus: Isthmus) -> None:
    assert isthmus("apply", "-f", "-", stdin=PROVIDER).lines == ["default/Provider/local created"]


def test_a_dry_run_changes_nothing(api: ServedApi, isthmus: Isthmus) -> None:
    assert isthmus("apply", "-f", "-", "--dry-run", stdin=PROVIDER).lines == [
        "default/Provider/local created (dry run)"
    ]
    assert isthmus("get", "provider", "local").status == 4


def test_all_errors_are_told_by_file_and_field_and_nothing_is_stored(
    api: ServedApi, isthmus: Isthmus, tmp_path: Path
) -> None:
    file = tmp_path / "set.yaml"
    file.write_text(f"{PROVIDER}---{BAD_MODEL}---{TEAMS.split('---')[0].replace('t0', 'T0')}")
    ran = isthmus("apply", "-f", str(file))
    assert ran.status == 3
    first, *details = ran.err.splitlines()
    assert first.startswith(f"isthmus: {file}: Model 'gpt': `spec.version")
    assert [line.split(": ")[1:3] for line in details] == [
        ["Model 'gpt'", "spec.versions"],
        ["Model 'gpt'", "spec.version"],
        ["Team 'T0'", "metadata.name"],
    ]
    assert isthmus("get", "providers").out == ""


def test_more_than_fit_one_transaction_need_a_flag_that_the_error_names(api: ServedApi, isthmus: Isthmus) -> None:
    refused = isthmus("apply", "-f", "-", stdin=TEAMS)
    assert refused.status == 3
    assert "`--no-atomic`" in refused.err
    assert len(isthmus("apply", "-f", "-", "--no-atomic", stdin=TEAMS).lines) == 41


def test_a_large_set_is_sent_in_parts_in_order_of_dependency(
    api: ServedApi, isthmus: Isthmus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "REQUEST_DOCUMENTS", 1)
    ran = isthmus("apply", "-f", "-", "--no-atomic", stdin=f"{MODEL}---{PROVIDER}")
    assert ran.lines == ["default/Provider/local created", "default/Model/gpt created"]


def test_an_error_in_a_later_part_names_its_document(
    api: ServedApi, isthmus: Isthmus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "REQUEST_DOCUMENTS", 1)
    ran = isthmus("apply", "-f", "-", "--no-atomic", stdin=f"{TEAMS.split('---')[0]}---\nkind: Nonsense")
    assert (ran.status, ran.lines) == (3, ["default/Team/t0 created"])
    assert ran.err.startswith("isthmus: standard input: Nonsense: `kind` must be one of ")


def test_prune_deletes_what_has_the_labels_and_is_in_no_file(api: ServedApi, isthmus: Isthmus) -> None:
    isthmus("apply", "-f", "-", stdin="---".join(TEAMS.split("---")[:2]))
    isthmus("apply", "-f", "-", stdin=PROVIDER)
    ran = isthmus("apply", "-f", "-", "--prune", "-l", "by=files", stdin=TEAMS.split("---")[0])
    assert ran.lines == ["default/Team/t0 unchanged", "default/Team/t1 deleted"]
    assert isthmus("get", "provider", "local").status == 0


@pytest.mark.parametrize("options", [("--prune",), ("-l", "by=files")], ids=["no selector", "no prune"])
def test_prune_and_selector_go_together(isthmus: Isthmus, options: tuple[str, ...]) -> None:
    ran = isthmus("apply", "-f", "-", *options, stdin=PROVIDER)
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert "go together" in ran.err
