"""`import litellm`, from a file to what `apply` takes."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from control_plane.cli import import_resources
from tests.fakes.litellm_config import ENVIRONMENT, EXAMPLE
from tests.fakes.served_api import Isthmus, ServedApi

PLAIN = "model_list:\n- {model_name: a, litellm_params: {model: openai/gpt-5, api_key: sk-literal}}\n"
EMPTY_KEY = "model_list:\n- {model_name: a, litellm_params: {model: openai/gpt-5}}\n"


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def documents(text: str) -> list[dict[str, Any]]:
    return [each for each in yaml.safe_load_all(text) if each is not None]


def test_the_example_is_taken_by_apply(known: None, api: ServedApi, isthmus: Isthmus, tmp_path: Path) -> None:
    file = tmp_path / "resources.yaml"
    ran = isthmus("import", "litellm", str(EXAMPLE), "--read-environment", "-o", str(file), "--route-path", "/ai")
    assert (ran.status, ran.out) == (0, "")
    assert isthmus("validate", "--closed", "-f", str(file)).status == 0
    applied = isthmus("apply", "--dry-run", "-f", str(file))
    assert (applied.status, applied.err) == (0, "")
    assert applied.out.count("created (dry run)") == len(documents(file.read_text()))
    assert isthmus("apply", "-f", str(file)).status == 0
    assert isthmus("get", "models").lines[1].startswith("default claude ")


def test_apply_refuses_secrets_that_are_not_filled_in(api: ServedApi, isthmus: Isthmus, tmp_path: Path) -> None:
    file = tmp_path / "resources.yaml"
    assert isthmus("import", "litellm", str(EXAMPLE), "-o", str(file), "--route-path", "/ai").status == 0
    assert "# FILL IN `value`: OPENAI_API_KEY, from the environment of LiteLLM\n" in file.read_text()
    applied = isthmus("apply", "-f", str(file))
    assert applied.status == 3
    assert "`spec.data.value`" in applied.err


def test_a_file_with_secrets_is_its_owners_and_not_replaced_unasked(isthmus: Isthmus, tmp_path: Path) -> None:
    file = tmp_path / "out.yaml"
    arguments = ("import", "litellm", "-", "-o", str(file))
    assert isthmus(*arguments, stdin=PLAIN).status == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "sk-literal" in file.read_text()
    ran = isthmus(*arguments, stdin=PLAIN)
    assert (ran.status, "--force" in ran.err) == (2, True)
    assert isthmus(*arguments, "--force", stdin=PLAIN).status == 0


def test_secrets_may_go_to_a_file_of_their_own(isthmus: Isthmus, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.yaml"
    ran = isthmus("import", "litellm", "-", "--secrets-file", str(secrets), stdin=PLAIN)
    assert "sk-literal" not in ran.out + ran.err
    assert [each["kind"] for each in documents(ran.out)] == ["Provider", "Model", "Route"]
    assert documents(secrets.read_text())[0]["spec"] == {"data": {"value": "sk-literal"}}
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600


def test_a_terminal_is_shown_no_secret_unless_asked(isthmus: Isthmus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_resources, "_is_terminal", lambda: True)
    hidden = isthmus("import", "litellm", "-", stdin=PLAIN)
    assert "sk-literal" not in hidden.out + hidden.err
    assert "not shown on a terminal" in hidden.out
    assert "sk-literal" in isthmus("import", "litellm", "-", "--show-secrets", stdin=PLAIN).out


def test_a_pipe_gets_what_apply_needs(isthmus: Isthmus) -> None:
    assert "sk-literal" in isthmus("import", "litellm", "-", stdin=PLAIN).out


def test_a_folder_gets_as_many_files_as_apply_needs(isthmus: Isthmus, tmp_path: Path) -> None:
    models = [{"model_name": f"m{n}", "litellm_params": {"model": f"openai/m{n}", "api_key": "k"}} for n in range(1100)]
    config = json.dumps({"model_list": models})
    assert isthmus("import", "litellm", "-", "-o", str(tmp_path), stdin=config).status == 0
    counts = [len(documents(each.read_text())) for each in sorted(tmp_path.iterdir()) if each.suffix == ".yaml"]
    assert counts == [500, 500, 103]
    assert isthmus("validate", "-f", str(tmp_path)).status == 0
    assert "give -o a folder" in isthmus("import", "litellm", "-", stdin=config).err


def test_the_report_for_programs_names_each_finding(isthmus: Isthmus) -> None:
    ran = isthmus("import", "litellm", "--report", "json", str(EXAMPLE))
    report = json.loads(ran.err)
    assert "default/Model/gpt-4.1" in report["resources"]
    paths = {each["path"]: each for each in report["findings"]}
    assert paths["guardrails[0]"]["weight"] == "NotMapped"
    assert all(set(each) == {"path", "weight", "reason", "advice"} for each in report["findings"])


def test_findings_stand_at_the_head_and_on_standard_error(isthmus: Isthmus) -> None:
    ran = isthmus("import", "litellm", str(EXAMPLE))
    assert "#   guardrails[0]\n" in ran.out
    assert "  guardrails[0]\n" in ran.err


def test_a_name_cannot_leave_the_remark_that_it_stands_in(isthmus: Isthmus) -> None:
    key = json.dumps("x\n---\nkind: Route")
    ran = isthmus("import", "litellm", "-", stdin=f"{key}: 1\n")
    assert documents(ran.out) == []
    assert r"#   x\n---\nkind: Route" in ran.out


def test_names_behind_a_wildcard_become_models(isthmus: Isthmus) -> None:
    ran = isthmus("import", "litellm", str(EXAMPLE), "--model", "groq/llama-3.3-70b", "--model", "groq/gpt-oss")
    made = {each["spec"].get("modelName") for each in documents(ran.out) if each["kind"] == "Model"}
    assert {"groq/llama-3.3-70b", "groq/gpt-oss"} <= made


@pytest.mark.parametrize(("config", "status"), [(EMPTY_KEY, 0), (f"{EMPTY_KEY}guardrails: [{{a: 1}}]\n", 1)])
def test_strict_fails_if_something_has_no_equivalent(isthmus: Isthmus, config: str, status: int) -> None:
    ran = isthmus("import", "litellm", "--strict", "-", stdin=config)
    assert ran.status == status
    assert documents(ran.out)  # the result is there all the same


def test_included_files_are_read_beside_the_configuration(isthmus: Isthmus, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("include: [more/models.yaml]\n")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "models.yaml").write_text(PLAIN)
    ran = isthmus("import", "litellm", str(tmp_path / "config.yaml"))
    assert "name: a\n" in ran.out


@pytest.mark.parametrize(
    ("config", "arguments", "status", "message"),
    [
        ("a: [", (), 3, "not YAML"),
        ("- a\n", (), 3, "no mapping"),
        ("include: [absent.yaml]\n", (), 2, "cannot read"),
        ('include: ["\\0"]\n', (), 3, "no file can have"),
        ("", ("--tenant", "No Name"), 2, "--tenant"),
        ("", ("--gateway", "No Name"), 2, "--gateway"),
        ("", ("--route-path", "ai"), 2, "--route-path"),
        ("", ("-o", "/absent/folder/file"), 1, "cannot write"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    isthmus: Isthmus, config: str, arguments: tuple[str, ...], status: int, message: str
) -> None:
    ran = isthmus("import", "litellm", "-", *arguments, stdin=config)
    assert ran.status == status
    assert message in ran.err


def test_the_example_shows_what_it_becomes(isthmus: Isthmus, tmp_path: Path) -> None:
    made = tmp_path / "models.yaml"
    isthmus("import", "litellm", str(EXAMPLE), "--secrets-file", str(tmp_path / "secrets.yaml"), "-o", str(made))
    shown = EXAMPLE.with_name("models.yaml")
    assert made.read_text() == shown.read_text(), f"write {shown} anew with this command"
