"""`validate`, which asks nobody."""

from pathlib import Path

import pytest

from tests.fakes.served_api import Isthmus

EXAMPLES = Path(__file__).parents[3] / "examples"
RESOURCES = {"litellm": "models.yaml"}  # where something else lies beside them
HEAD = "apiVersion: isthmus.dev/v1\n"
PROVIDER = HEAD + "kind: Provider\nmetadata: {name: local}\nspec: {type: OpenAI, auth: {secretRef: {name: key}}}\n"
SECRET = HEAD + "kind: Secret\nmetadata: {name: key}\nspec: {data: {value: sk-plain}}\n"
MODEL = (
    HEAD
    + "kind: Model\nmetadata: {name: gpt}\nspec: {versions: [{name: v1, targets: [{providerRef: {name: local}}]}]}\n"
)
ROUTE = HEAD + "kind: Route\nmetadata: {name: all}\nspec: {gatewayRefs: [{name: default}], models: {matchLabels: {}}}\n"
WHOLE = "---\n".join((PROVIDER, SECRET, MODEL, ROUTE))


def test_what_is_valid_passes_without_a_control_plane(isthmus: Isthmus) -> None:
    ran = isthmus("validate", "--closed", "-f", "-", stdin=WHOLE)
    assert (ran.status, ran.out, ran.err) == (0, "4 documents are valid\n", "")


def test_references_out_of_the_files_pass_unless_they_must_be_in_them(isthmus: Isthmus) -> None:
    assert isthmus("validate", "-f", "-", stdin=MODEL).status == 0
    ran = isthmus("validate", "--closed", "-f", "-", stdin=MODEL)
    assert ran.status == 3
    assert ran.err.splitlines()[1:] == [
        "  standard input: default/Model/gpt: `spec.versions[0].targets[0].providerRef` "
        "Provider 'local' of tenant 'default' is in no file"
    ]


def test_the_errors_of_all_files_are_told_at_once(isthmus: Isthmus, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("kind: [")
    (tmp_path / "b.yaml").write_text(MODEL.replace("name: v1", "nom: v1"))
    (tmp_path / "c.json").write_text('{"apiVersion": "isthmus.dev/v1", "kind": "Modle"}')
    ran = isthmus("validate", "-f", str(tmp_path))
    assert ran.status == 3
    head, *lines = ran.err.splitlines()
    assert head == "isthmus: 4 errors"
    assert lines[0].startswith(f"  {tmp_path}/a.yaml: ")
    assert "in line 2" in lines[0]
    assert lines[1] == f"  {tmp_path}/b.yaml: Model 'gpt': `spec.versions[0].name` is required"
    assert lines[2].startswith(f"  {tmp_path}/b.yaml: Model 'gpt': `spec.versions[0].nom` is not known; allowed are")
    assert lines[3].startswith(f"  {tmp_path}/c.json: Modle: `kind` must be one of 'Tenant', 'Secret',")


@pytest.mark.parametrize(
    ("documents", "message"),
    [
        ((ROUTE, ROUTE), "`metadata.name` is there twice"),
        ((ROUTE, ROUTE.replace("all", "other")), "default/Route/all already has a match of prefix path '/'"),
        ((MODEL, MODEL.replace("name: gpt", "name: g, labels: {}").replace("{versions", "{aliases: [gpt], versions")),
         "`spec.aliases[0]` default/Model/gpt already has the model name 'gpt'"),
        ((PROVIDER.replace("name: key", "name: key, key: other"), SECRET), "Secret 'key' has no key 'other'"),
        ((PROVIDER.replace("name: key", "name: key, tenant: other"),), "must be 'default' or 'platform'"),
    ],
    ids=["name twice", "route tie", "model name", "secret key", "other tenant"],
)  # fmt: skip
def test_what_only_the_files_together_show(isthmus: Isthmus, documents: tuple[str, ...], message: str) -> None:
    ran = isthmus("validate", "-f", "-", stdin="---\n".join(documents))
    assert ran.status == 3
    assert ran.err.startswith("isthmus: 1 error\n")
    assert message in ran.err


def test_values_of_secrets_are_not_in_errors(isthmus: Isthmus) -> None:
    ran = isthmus("validate", "-f", "-", stdin=SECRET.replace("sk-plain", "[sk-plain]"))
    assert ran.status == 3
    assert "sk-plain" not in ran.err


@pytest.mark.parametrize("content", ["", "---\n---\n"], ids=["empty", "empty documents"])
def test_nothing_to_check_is_a_mistake(isthmus: Isthmus, content: str) -> None:
    ran = isthmus("validate", "-f", "-", stdin=content)
    assert (ran.status, ran.err) == (2, "isthmus: no document in -\n")


@pytest.mark.parametrize("folder", [each for each in EXAMPLES.iterdir() if each.is_dir()], ids=lambda each: each.name)
def test_the_examples_are_valid(isthmus: Isthmus, folder: Path) -> None:
    ran = isthmus("validate", "-f", str(folder / RESOURCES.get(folder.name, "")))
    assert (ran.status, ran.err) == (0, "")
