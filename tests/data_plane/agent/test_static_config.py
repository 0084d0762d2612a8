"""Resources from files."""

import json
from pathlib import Path

import pytest

from data_plane.agent.static_config import StaticConfigError, fingerprint, load

PROVIDER = """
apiVersion: isthmus.dev/v1
kind: Provider
metadata: {name: p}
spec: {type: OpenAICompatible, baseUrl: "http://127.0.0.1:1/v1", auth: {type: None}}
"""


def test_documents_become_canonical_resources_by_path(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(PROVIDER + "---\n---\n" + PROVIDER.replace("name: p", "name: q, tenant: t"))
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "b.json").write_text(
        '{"apiVersion":"isthmus.dev/v1","kind":"Gateway","metadata":{"name":"g"}}'
    )
    (tmp_path / "notes.txt").write_text("not: {")
    resources = load(tmp_path)
    assert sorted(resources) == ["default/Provider/p", "platform/Gateway/g", "t/Provider/q"]
    assert json.loads(resources["default/Provider/p"])["metadata"]["tenant"] == "default"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind: Nothing", "`kind` must be one of Tenant,"),
        ("- 1", "`kind` must be one of"),
        ("a: {", "while parsing"),
        (PROVIDER.replace("OpenAICompatible", "Else"), "Provider: `spec.type`: Input should be"),
        (PROVIDER + "---" + PROVIDER, "default/Provider/p is there twice"),
    ],
    ids=["unknown kind", "no mapping", "no yaml", "wrong value", "twice"],
)
def test_what_is_wrong_is_one_line_with_the_file(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(text)
    with pytest.raises(StaticConfigError) as refused:
        load(file)
    assert str(refused.value).startswith(f"{file}: ")
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_change_of_a_file_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(PROVIDER)
    before = fingerprint(tmp_path)
    (tmp_path / "b.yaml").write_text(PROVIDER)
    assert fingerprint(tmp_path) != before
