"""Whole configurations: what becomes of them, and that nothing is lost silently."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from control_plane.admission.validate import parse_document
from control_plane.cli.import_text import secret_documents
from control_plane.cli.validate import document_errors
from control_plane.litellm_import.conversion import Converted, Wish, convert
from control_plane.litellm_import.finding import WEIGHTS
from control_plane.litellm_import.values import FILL_IN
from control_plane.litellm_import.yaml_config import read_config
from tests.fakes.damage import variants
from tests.fakes.litellm_config import (
    ENVIRONMENT,
    EXAMPLE,
    all_documents,
    deployment,
    imported,
    imported_example,
    paths,
    spec,
    specs,
)

KEY = {"api_key": "os.environ/K"}


def admission_errors(converted: Converted) -> list[str]:
    """What `isthmus validate --closed` says of it, with its secrets filled in."""
    documents = all_documents(converted)
    for document in documents:
        if document["kind"] == "Secret":
            data = document["spec"]["data"]
            document["spec"]["data"] = {key: value or "filled in" for key, value in data.items()}
    return document_errors([("import", each) for each in documents], closed=True)


def test_the_example_is_admitted() -> None:
    made = imported_example()
    assert admission_errors(made) == []
    assert list(specs(made, "Model")) == [
        *("gpt-4.1", "gpt-5-mini", "claude", "gemini", "gemini-vertex", "meta-llama-3.3-70b", "embeddings", "rerank")
    ]
    assert specs(made, "Model")["gpt-4.1"]["aliases"] == ["gpt-4o"]
    assert spec(made, "Route") == {
        "matches": [{"path": {"type": "Prefix", "value": "/"}}],
        "models": {"matchLabels": {"isthmus.dev/made-by": "import-litellm"}, "lossy": "Allow"},
    }


def test_what_must_be_filled_in_is_refused_until_it_is() -> None:
    made = imported_example({})
    for document in secret_documents(made, shows_values=True):
        with pytest.raises(Exception, match=r"spec\.data.* must"):
            parse_document(document)
    made = imported(deployment("hosted_vllm/x", api_base="os.environ/BASE"))
    assert any("baseUrl" in each for each in admission_errors(made))
    made = imported(deployment("vertex_ai/gemini-2.5-pro"))
    assert any("project" in each for each in admission_errors(made))


def test_all_of_the_example_that_has_no_equivalent_is_listed() -> None:
    assert sorted(paths(imported_example(), "NotMapped")) == [
        "general_settings.pass_through_endpoints[0]",
        "guardrails[0]",
        "litellm_settings.cache",
        "litellm_settings.cache_params",
        "litellm_settings.context_window_fallbacks[0]",
        "litellm_settings.fallbacks[0]",
        "litellm_settings.num_retries",
        "litellm_settings.success_callback[0]",
        "mcp_servers.docs",
        "model_list[0].model_info.base_model",
        "model_list[10].litellm_params.model",
        "model_list[2].litellm_params.organization",
        "model_list[7].litellm_params.temperature",
        "router_settings.allowed_fails",
        "router_settings.cooldown_time",
    ]


# What the resources say; each other value of the example must have a finding, at it or above it.
MAPPED = (
    "model_name", "litellm_params.model", "litellm_params.api_base", "litellm_params.api_key",
    "litellm_params.api_version", "litellm_params.timeout", "litellm_params.weight", "litellm_params.aws_region_name",
    "litellm_params.aws_access_key_id", "litellm_params.aws_secret_access_key", "litellm_params.vertex_project",
    "litellm_params.vertex_location", "litellm_params.vertex_credentials", "litellm_settings.drop_params",
    "litellm_settings.request_timeout", "router_settings.routing_strategy", "model_group_alias.gpt-4o",
    "model_group_alias.smart.model",
)  # fmt: skip


def leaves(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from leaves(each, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for index, each in enumerate(value):
            yield from leaves(each, f"{path}[{index}]")
    else:
        yield path


def test_each_value_of_the_example_is_mapped_or_listed() -> None:
    made = imported_example()
    listed = {each.path for each in made.findings}
    lost = [
        path
        for path in leaves(read_config(EXAMPLE.read_bytes()))
        if not path.endswith(MAPPED) and not any(f"{path}.".startswith((f"{each}.", f"{each}[")) for each in listed)
    ]
    assert lost == []


def test_a_key_that_nobody_knows_is_listed_wherever_it_stands() -> None:
    made = imported(
        {**deployment("openai/gpt-5", unknown=1, **KEY), "unknown": 1},
        credential_list=[{"credential_name": "c", "credential_values": {}, "unknown": 1}],
        router_settings={"unknown": 1, "model_group_alias": {"a": {"model": "chat", "unknown": 1}}},
        litellm_settings={"unknown": 1},
        general_settings={"unknown": 1},
        unknown=1,
    )
    assert sorted(paths(made, "NotMapped")) == [
        "credential_list[0].unknown",
        "general_settings.unknown",
        "litellm_settings.unknown",
        "model_list[0].litellm_params.unknown",
        "model_list[0].unknown",
        "router_settings.model_group_alias.a.unknown",
        "router_settings.unknown",
        "unknown",
    ]


def test_whatever_value_is_wrong_the_rest_is_imported_and_admitted() -> None:
    """A finding, or resources that admission takes once filled in; never another error."""
    count = 0
    for damaged in variants(read_config(EXAMPLE.read_bytes())):
        if isinstance(damaged, dict):
            made = convert(damaged, Wish(), ENVIRONMENT, [])
            assert all(each.reason and each.weight in WEIGHTS for each in made.findings)
            errors = admission_errors(made) if FILL_IN not in json.dumps(made.documents) else []
            assert errors == [], damaged
            count += 1
    assert count > 1000


@pytest.mark.parametrize(
    ("aliases", "named", "listed"),
    [
        ({"a": "chat", "b": {"model": "chat"}}, ["a", "b"], []),
        ({"a": "absent"}, [], ["a"]),
        ({"chat": "chat"}, [], ["chat"]),
        ({"other": "chat"}, [], ["other"]),
        ({"no name": "chat"}, [], ["no name"]),
        ({f"a{number}": "chat" for number in range(33)}, [f"a{number}" for number in range(32)], ["a32"]),
        ({"a": ["chat"]}, [], ["a"]),
        ({"a": {}}, [], ["a.model"]),
    ],
)
def test_aliases_are_those_of_models(aliases: Any, named: list[str], listed: list[str]) -> None:
    made = imported(
        deployment("openai/gpt-5", **KEY),
        deployment("openai/gpt-5", name="other", **KEY),
        router_settings={"model_group_alias": aliases},
    )
    assert specs(made, "Model")["chat"].get("aliases", []) == named
    assert paths(made, "NotMapped") == [f"router_settings.model_group_alias.{each}" for each in listed]


def test_timeouts_of_the_whole_reach_all_models() -> None:
    made = imported(
        deployment("openai/gpt-5", **KEY),
        litellm_settings={"request_timeout": 600},
        router_settings={"timeout": 30.5, "stream_timeout": 10},
    )
    assert spec(made, "TimeoutPolicy") == {
        "selector": {"kind": "Model", "matchLabels": {"isthmus.dev/made-by": "import-litellm"}},
        "firstByteSeconds": 31,
        "idleSeconds": 10,
    }


def test_dropping_parameters_of_one_deployment_is_listed() -> None:
    made = imported(deployment("openai/gpt-5", drop_params=True, **KEY))
    assert "lossy" not in spec(made, "Route")["models"]
    assert paths(made, "NotMapped") == ["model_list[0].litellm_params.drop_params"]


def test_values_of_the_configuration_itself_are_used() -> None:
    made = imported(
        deployment("openai/x", api_base="os.environ/BASE", api_key="os.environ/KEY"),
        environment_variables={"BASE": "http://host/v1", "KEY": "sk-1", "OTHER": "x"},
    )
    assert spec(made, "Provider")["baseUrl"] == "http://host/v1"
    assert spec(made, "Secret") == {"data": {"value": "sk-1"}}
    assert paths(made, "NotNeeded") == ["environment_variables.OTHER"]


def test_it_lies_where_it_was_wished() -> None:
    wish = Wish(tenant="shop", gateway="edge", route_path="/ai")
    made = imported(deployment("openai/gpt-5", **KEY), wish=wish)
    assert {each["metadata"]["tenant"] for each in all_documents(made)} == {"shop"}
    route = spec(made, "Route")
    assert route["gatewayRefs"] == [{"name": "edge"}]
    assert route["matches"][0]["path"]["value"] == "/ai"


def test_nothing_becomes_nothing() -> None:
    assert (convert({}, Wish(), {}, []).documents, imported().documents) == ([], [])


def test_a_thousand_models_take_less_than_two_seconds() -> None:
    deployments = [
        deployment(f"openai/m{number % 50}", name=f"model {number}/x".replace(" ", "-"), rpm=number, **KEY)
        for number in range(1000)
    ]
    began = time.process_time()
    made = imported(*deployments)
    taken = time.process_time() - began
    assert len(specs(made, "Model")) == 1000
    assert taken < 2
    assert admission_errors(made) == []
