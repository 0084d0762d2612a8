"""Which model is asked for."""

import json

from pytest import mark, param

from tests.fakes.gateway import Gateway, basic, model, post, request, resource, route


@mark.parametrize(
    "body, code",
    [
        param({"model": "gpt"}, "", id="by name"),
        param({"model": "alias"}, "", id="by alias"),
        param({"model": "nobody"}, "model_not_found", id="unknown"),
        param({}, "bad_request", id="missing"),
        param({"model": 1}, "bad_request", id="no string"),
        param({"model": "gpt", "stream": "yes"}, "bad_request", id="no flag"),
        param(b"[]", "bad_request", id="no object"),
        param(b'{"model":"gpt","model":"other"}', "bad_request", id="twice"),
    ],
)
def test_the_body_names_the_model(body: object, code: str) -> None:
    gateway = Gateway(basic() | dict([model("gpt", aliases=["alias"])]))

    assert gateway.ask(post(body=body)).code == code


@mark.parametrize("allowed, code", [(["gpt"], ""), (["other"], "model_not_found"), ([], "model_not_found")])
def test_a_model_that_is_not_allowed_is_unknown(allowed: list[str], code: str) -> None:
    gateway = Gateway(basic() | dict([resource("Application", "app", {"allowedModels": allowed})]))

    assert gateway.ask(post()).code == code


def test_a_model_s_own_name_goes_before_an_alias_of_another() -> None:
    gateway = Gateway(basic() | dict([model("a", aliases=["gpt"])]))

    assert gateway.ask(post()).exchange.model == "gpt"


def test_clients_write_the_model_name_that_the_resource_gives() -> None:
    gateway = Gateway(basic() | dict([model("gpt", modelName="org/GPT-5")]))

    assert gateway.ask(post()).code == "model_not_found"
    assert gateway.ask(post(body={"model": "org/GPT-5"})).exchange.model == "gpt"


def test_a_route_offers_only_the_models_that_it_selects() -> None:
    labelled = resource(
        "Model",
        "b",
        {"versions": [{"name": "v1", "targets": [{"providerRef": {"name": "openai"}}]}]},
        labels={"tier": "x"},
    )
    gateway = Gateway(basic() | dict([labelled, route(models={"matchLabels": {"tier": "x"}})]))

    assert gateway.ask(post()).code == "model_not_found"
    assert gateway.ask(post(body={"model": "b"})).code == ""


@mark.parametrize(
    "path",
    [
        "/v1beta/models/gpt:generateContent",
        "/v1beta/models/gpt:streamGenerateContent",
        "/openai/deployments/gpt/chat/completions?api-version=1",
    ],
)
def test_some_paths_name_the_model(path: str) -> None:
    answer = Gateway(basic()).ask(post(path, {"contents": []}))

    assert answer.code == ""
    assert answer.exchange.model == "gpt"
    assert answer.exchange.stream == ("stream" in path)


def test_a_deployment_s_name_goes_into_the_body() -> None:
    answer = Gateway(basic()).ask(post("/openai/deployments/gpt/chat/completions", {"messages": []}))

    assert answer.exchange.fields is not None
    assert bytes(answer.exchange.fields["model"]) == b'"gpt"'


def test_moderations_may_leave_the_model_out() -> None:
    gateway = Gateway(basic() | dict([model("omni-moderation-latest")]))

    assert gateway.ask(post("/v1/moderations", {"input": "x"})).code == ""


def test_another_method_is_refused() -> None:
    assert Gateway(basic()).ask(request("GET", "/v1/embeddings")).code == "method_not_allowed"


@mark.parametrize(
    "path, body, options, adds",
    [
        param("/v1/chat/completions", {"stream": True}, {"include_usage": True}, True, id="not asked"),
        param("/v1/completions", {"stream": True}, {"include_usage": True}, True, id="completions"),
        param(
            "/v1/chat/completions",
            {"stream": True, "stream_options": {"include_usage": True}},
            {"include_usage": True},
            False,
            id="asked",
        ),
        param(
            "/v1/chat/completions",
            {"stream": True, "stream_options": {"include_usage": False, "x": 1}},
            {"include_usage": True, "x": 1},
            True,
            id="refused",
        ),
        param("/v1/chat/completions", {"stream": False}, None, False, id="no stream"),
        param("/v1/responses", {"stream": True}, None, False, id="an API that always tells"),
        param("/v1/messages", {"stream": True}, None, False, id="another API"),
    ],
)
def test_streams_are_asked_for_usage(path: str, body: dict[str, object], options: object, adds: bool) -> None:
    answer = Gateway(basic()).ask(post(path, {"model": "gpt", **body}))

    fields = answer.exchange.fields
    assert fields is not None
    assert answer.exchange.adds_usage is adds
    assert (json.loads(bytes(fields["stream_options"])) if "stream_options" in fields else None) == options
