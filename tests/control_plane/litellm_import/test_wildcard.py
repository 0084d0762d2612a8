"""Names that only a wildcard stands for."""

import pytest

from control_plane.litellm_import.conversion import Wish
from tests.fakes.litellm_config import deployment, imported, paths, specs

KEY = {"api_key": "os.environ/K"}


def named(*models: str) -> dict[str, str]:
    """What becomes of these names, by the names of Models: the provider's own."""
    made = imported(
        deployment("openai/gpt-5", name="openai/own", **KEY),
        deployment("openai/*", name="openai/*", **KEY),
        deployment("groq/*", name="*", **KEY),
        deployment("anthropic/claude-opus-4-1", name="claude-*", **KEY),
        deployment("openrouter/*/*", name="router/*/*", **KEY),
        deployment("vertex_ai/*", name="vertex/*", vertex_project="p", **KEY),
        wish=Wish(models=models),
    )
    assert not [path for path in paths(made, "NotMapped") if path.startswith("--model")]
    found = {}
    for name, model in specs(made, "Model").items():
        (target,) = model["versions"][0]["targets"]
        found[model.get("modelName", name)] = f"{target['providerRef']['name']} {target['model']}"
    return found


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("openai/gpt-5-mini", "openai gpt-5-mini"),
        ("openai/own", "openai gpt-5"),
        ("llama-3.3", "groq llama-3.3"),
        ("claude-4", "anthropic claude-opus-4-1"),
        ("router/meta/llama", "openrouter meta/llama"),
        ("vertex/gemini-2.5-pro", "vertex-ai gemini-2.5-pro"),
    ],
    ids=["as-it-is", "own-name-first", "everything", "always-the-same", "several-stars", "with-a-project"],
)
def test_the_longest_wildcard_that_stands_for_a_name_is_its_model(name: str, target: str) -> None:
    assert named(name)[name] == target


def test_a_name_given_twice_is_one_model() -> None:
    assert len(named("openai/a", "openai/a")) == 2


@pytest.mark.parametrize("name", ["gpt-5", "no name", "vertex/llama"])
def test_a_name_that_nothing_stands_for_is_listed(name: str) -> None:
    made = imported(
        deployment("openai/*", name="openai/*", **KEY),
        deployment("vertex_ai/*", name="vertex/*", vertex_project="p", **KEY),
        wish=Wish(models=(name,)),
    )
    assert f"--model {name}" in paths(made, "NotMapped")
    assert specs(made, "Model") == {}


def test_a_star_in_the_middle_of_a_pattern_is_no_regular_expression() -> None:
    made = imported(deployment("openai/*", name="a.b/*", **KEY), wish=Wish(models=("axb/c", "a.b/c")))
    assert [each.get("modelName") for each in specs(made, "Model").values()] == ["a.b/c"]
