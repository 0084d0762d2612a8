"""Deployments of one name are targets of one Model."""

from typing import Any

from tests.fakes.litellm_config import all_documents, deployment, imported, paths, spec, specs

KEY = {"api_key": "os.environ/K"}


def targets(made: Any) -> list[tuple[str, str, int]]:
    (version,) = spec(made, "Model")["versions"]
    return [(each["providerRef"]["name"], each["model"], each.get("weight", 1)) for each in version["targets"]]


def test_deployments_with_the_same_address_and_credential_share_a_provider() -> None:
    made = imported(
        deployment("openai/gpt-5", name="a", **KEY),
        deployment("openai/gpt-5-mini", name="b", **KEY),
        deployment("openai/gpt-5", name="c", api_key="os.environ/OTHER"),
    )
    assert list(specs(made, "Provider")) == ["openai", "openai-2"]


def test_shares_become_weights() -> None:
    made = imported(
        deployment("openai/gpt-5", rpm=600, **KEY), deployment("groq/x", rpm=200, **KEY), deployment("xai/y", **KEY)
    )
    assert targets(made) == [("openai", "gpt-5", 3), ("groq", "x", 1), ("xai", "y", 0)]
    assert paths(made, "Changed") == ["model_list[0].litellm_params.rpm", "model_list[1].litellm_params.rpm"]


def test_a_rate_beside_a_weight_is_a_limit_that_is_lost() -> None:
    made = imported(deployment("openai/gpt-5", rpm=600, weight=2, **KEY), deployment("groq/x", weight=1, **KEY))
    assert targets(made) == [("openai", "gpt-5", 2), ("groq", "x", 1)]
    assert paths(made, "NotMapped") == ["model_list[0].litellm_params.rpm"]


def test_the_same_target_twice_is_one_with_the_sum() -> None:
    made = imported(*[deployment("openai/gpt-5", weight=1, **KEY)] * 2, deployment("groq/x", weight=1, **KEY))
    assert targets(made) == [("openai", "gpt-5", 2), ("groq", "x", 1)]


def test_targets_of_a_lower_rank_stay_without_traffic() -> None:
    made = imported(deployment("openai/gpt-5", order=2, **KEY), deployment("groq/x", order=1, **KEY))
    assert targets(made) == [("openai", "gpt-5", 0), ("groq", "x", 1)]
    assert paths(made, "NotMapped") == ["model_list[0].litellm_params.order"]


def test_more_targets_than_a_version_has_are_spread_over_versions() -> None:
    made = imported(*[deployment(f"openai/m{number}", weight=1, **KEY) for number in range(40)])
    versions = spec(made, "Model")["versions"]
    assert [(each["name"], each["weight"], len(each["targets"])) for each in versions] == [("v1", 4, 32), ("v2", 1, 8)]


def test_more_targets_than_a_model_has_are_listed() -> None:
    made = imported(*[deployment(f"openai/m{number}", **KEY) for number in range(1030)])
    assert len(paths(made, "NotMapped")) == 6


def test_names_that_no_resource_may_have_become_model_names() -> None:
    made = imported(deployment("gpt-5", name="meta/Llama", **KEY), deployment("gpt-5", name="meta-llama", **KEY))
    models = specs(made, "Model")
    assert models["meta-llama"].get("modelName") is None
    assert sorted(each.get("modelName", "") for each in models.values()) == ["", "meta/Llama"]
    assert len({(each["kind"], each["metadata"]["name"]) for each in all_documents(made)}) == len(all_documents(made))


def test_the_longest_timeout_of_a_model_counts() -> None:
    made = imported(
        deployment("openai/gpt-5", timeout=10.2, stream_timeout=5, **KEY), deployment("groq/x", timeout=30, **KEY)
    )
    assert spec(made, "TimeoutPolicy") == {
        "targetRefs": [{"kind": "Model", "name": "chat"}],
        "priority": 1,
        "firstByteSeconds": 30,
        "idleSeconds": 5,
    }
    assert "model_list[0].litellm_params.timeout" in paths(made, "Changed")


def test_other_prices_of_the_same_model_at_the_same_provider_are_listed() -> None:
    made = imported(
        deployment("openai/gpt-5", input_cost_per_token=1e-6, **KEY),
        deployment("openai/gpt-5", name="b", input_cost_per_token=2e-6, **KEY),
        deployment("ollama/free", name="c", input_cost_per_token=0),
    )
    assert sorted(each["pricing"] for each in specs(made, "CatalogEntry").values()) == ["Free", "Own"]
    assert paths(made, "NotMapped") == ["model_list[1].litellm_params"]
