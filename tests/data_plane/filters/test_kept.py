"""Requests for what providers keep: by sealed ids, to the provider that has it, with its own ids."""

import json
from typing import Any

from pytest import mark, param

from data_plane.providers.sealed_id import IdSealer, Kept
from tests.fakes.gateway import Answer, Gateway, basic, credential, model, provider, request, resource, route

SECRET = "s" * 40
ANTHROPIC = {"anthropic_version": "2023-06-01"}
OPENAI, CLAUDE, SHARED = "default/openai", "default/claude", "platform/shared"


def sealed(id: str, keeper: str = OPENAI, tenant: str = "default") -> str:
    return IdSealer([SECRET]).seal(tenant, Kept(keeper, id))


def world(*more: tuple[str, bytes], key: str = SECRET) -> Gateway:
    ids = resource("Secret", "ids", {"data": {"value": key}}, tenant="platform")
    gateway = resource("Gateway", "edge", {"sealedIds": {"secretRef": {"name": "ids"}}})
    return Gateway(basic() | dict([ids, gateway, *more]))


def claude() -> tuple[tuple[str, bytes], ...]:
    return provider("claude", "Anthropic"), model("sonnet", "claude", modelName="s", aliases=["claude-s"])


def ask(gateway: Gateway, method: str, path: str, body: object = None, **headers: str) -> Answer:
    return gateway.ask(request(method, path, json.dumps(body).encode() if body is not None else b"", **headers))


def told(answer: Answer, body: object, status: int = 200) -> Any:
    """What the client gets of an answer."""
    answer.exchange.status = status
    events = [json.dumps(body).encode()]
    for _, hook in answer.plan.stream:
        transform = hook(answer.exchange)
        if transform is not None:
            events = transform.feed(events) + transform.close()
    return json.loads(b"".join(events))


@mark.parametrize(
    "method, path, upstream",
    [
        ("GET", "/v1/files/{}", "/files/file-a%2F1"),
        ("DELETE", "/v1/files/{}", "/files/file-a%2F1"),
        ("GET", "/v1/files/{}/content", "/files/file-a%2F1/content"),
        ("POST", "/v1/batches/{}/cancel", "/batches/file-a%2F1/cancel"),
        ("GET", "/v1/responses/{}/input_items?after=msg_1", "/responses/file-a%2F1/input_items"),
        ("POST", "/openai/v1/chat/completions/{}", "/chat/completions/file-a%2F1"),
    ],
)
def test_a_sealed_id_leads_to_its_provider(method: str, path: str, upstream: str) -> None:
    answer = ask(world(), method, path.format(sealed("file-a/1")))

    assert answer.code == ""
    assert answer.exchange.api_path.decode() == upstream
    assert answer.dispatcher.versions[0].targets[0].provider.name == OPENAI


@mark.parametrize(
    "id",
    [
        param("file-abc", id="a provider's own"),
        param(sealed("file-abc", tenant="other"), id="another tenant's"),
        param(sealed("file-abc", "default/unknown"), id="of a provider that the route does not lead to"),
        param(sealed("file-abc")[:-4], id="cut short"),
    ],
)
def test_all_else_is_not_there(id: str) -> None:
    gateway = world()

    assert ask(gateway, "GET", f"/v1/files/{id}").code == "object_not_found"
    assert ask(gateway, "GET", f"/v1/files?after={id}").code == "object_not_found"
    assert ask(gateway, "POST", "/v1/batches", {"input_file_id": id}).code == "object_not_found"
    created = ask(gateway, "POST", "/v1/responses", {"model": "gpt", "previous_response_id": id})
    assert created.code == "object_not_found"


def test_who_may_use_no_model_of_the_provider_has_nothing_there() -> None:
    gateway = world(resource("Application", "app", {"allowedModels": ["other"]}))

    assert ask(gateway, "GET", f"/v1/files/{sealed('file-a')}").code == "object_not_found"
    assert ask(gateway, "GET", "/v1/files").code == "object_not_found"


@mark.parametrize("key", ["", "short"])
def test_without_a_key_nothing_is_served(key: str) -> None:
    gateway = world(key="short") if key else Gateway(basic())

    assert ask(gateway, "GET", f"/v1/files/{sealed('file-a')}").code == "route_not_found"
    assert ask(gateway, "POST", "/v1/responses", {"model": "gpt"}).code == ""


@mark.parametrize("method, path", [("PUT", "/v1/files"), ("POST", "/v1/files/{}"), ("GET", "/v1/batches/{}/cancel")])
def test_other_methods_are_refused(method: str, path: str) -> None:
    assert ask(world(), method, path.format(sealed("x"))).code == "method_not_allowed"


@mark.parametrize(
    "path, code, keeper",
    [
        ("/v1/files", "bad_request", ""),
        ("/v1/files?model=gpt", "", OPENAI),
        ("/v1/files?model=o2&limit=2", "", "default/openai2"),
        ("/v1/files?model=nobody", "model_not_found", ""),
    ],
)
def test_of_several_providers_a_model_says_which(path: str, code: str, keeper: str) -> None:
    answer = ask(world(provider("openai2"), model("o2", "openai2")), "GET", path)

    assert (answer.code, answer.exchange.provider) == (code, keeper)
    assert b"model" not in answer.exchange.request.query or code


def test_an_account_that_tenants_share_is_not_listed() -> None:
    shared = resource("Provider", "shared", {"type": "OpenAI", "auth": {"type": "None"}}, tenant="platform")
    versions = [{"name": "v1", "targets": [{"providerRef": {"name": "shared", "tenant": "platform"}}]}]
    gateway = world(shared, resource("Model", "gpt", {"versions": versions}))

    assert ask(gateway, "GET", "/v1/files").code == "forbidden"
    assert ask(gateway, "GET", "/v1/chat/completions").code == "forbidden"
    assert ask(gateway, "GET", f"/v1/files/{sealed('file-a', SHARED)}").code == ""


def test_a_batch_goes_where_its_file_is() -> None:
    gateway = world(provider("openai2"), model("o2", "openai2"))
    answer = ask(gateway, "POST", "/v1/batches", {"input_file_id": sealed("file-a", "default/openai2")})

    assert (answer.code, answer.exchange.provider) == ("", "default/openai2")
    assert json.loads(answer.exchange.request.body) == {"input_file_id": "file-a"}
    batch = told(answer, {"id": "batch_1", "input_file_id": "file-a", "output_file_id": None})
    assert batch["input_file_id"] == sealed("file-a", "default/openai2")
    assert batch["id"] == sealed("batch_1", "default/openai2") and batch["output_file_id"] is None


def test_batches_of_anthropic_s_name_the_provider_s_models() -> None:
    requests = [{"custom_id": "1", "params": {"model": each, "max_tokens": 9}} for each in ("s", "claude-s")]
    answer = ask(world(*claude()), "POST", "/v1/messages/batches", {"requests": requests}, **ANTHROPIC)

    assert (answer.code, answer.exchange.provider) == ("", CLAUDE)
    sent = json.loads(answer.exchange.request.body)["requests"]
    assert [each["params"] for each in sent] == [{"model": "s", "max_tokens": 9}] * 2
    url = "https://api.anthropic.com/v1/messages/batches/msgbatch_1/results"
    batch = told(answer, {"id": "msgbatch_1", "results_url": url})
    assert batch["results_url"] == f"/v1/messages/batches/{batch['id']}/results"
    assert batch["id"] == sealed("msgbatch_1", CLAUDE)
    assert told(answer, {"id": "msgbatch_1", "results_url": None})["results_url"] is None


@mark.parametrize(
    "body, code",
    [
        ({"requests": [{"params": {"model": "s"}}, {"params": {"model": "gpt"}}]}, "model_not_found"),
        ({"requests": [{"params": {"model": "nobody"}}]}, "model_not_found"),
        ({"requests": []}, "bad_request"),
        ({"requests": [{}]}, "bad_request"),
        ({"requests": 1}, "bad_request"),
        ({}, "bad_request"),
    ],
)
def test_batches_of_anthropic_s_that_ask_others_are_refused(body: object, code: str) -> None:
    assert ask(world(*claude()), "POST", "/v1/messages/batches", body, **ANTHROPIC).code == code


def test_lists_are_sealed_and_their_cursors_open() -> None:
    gateway = world(*claude())
    answer = ask(gateway, "GET", f"/v1/files?after_id={sealed('file_1', CLAUDE)}&limit=2&model=s", **ANTHROPIC)

    assert answer.exchange.request.query == b"after_id=file_1&limit=2"
    listed = told(answer, {"data": [{"id": "file_2"}], "first_id": "file_2", "last_id": "file_2"})
    assert {listed["data"][0]["id"], listed["first_id"], listed["last_id"]} == {sealed("file_2", CLAUDE)}


def test_errors_do_not_tell_the_provider_s_id() -> None:
    id = sealed("file-a")
    answer = ask(world(), "GET", f"/v1/files/{id}")

    assert told(answer, {"error": {"message": "no file-a"}}, 404) == {"error": {"message": f"no {id}"}}


def test_a_response_goes_on_where_it_is_stored() -> None:
    gateway = world(provider("openai2"), model("gpt", "openai", "openai2"))
    id = sealed("resp_1", "default/openai2")
    answer = ask(gateway, "POST", "/v1/responses", {"model": "gpt", "previous_response_id": id})

    assert (answer.code, answer.exchange.pinned) == ("", "default/openai2")
    assert json.loads(answer.exchange.request.body)["previous_response_id"] == "resp_1"
    answer.exchange.provider = "default/openai2"
    stored = told(answer, {"id": "resp_2", "previous_response_id": "resp_1"})
    assert stored == {"id": sealed("resp_2", "default/openai2"), "previous_response_id": id}


def test_what_two_providers_keep_is_not_used_together() -> None:
    gateway = world(provider("openai2"), model("gpt", "openai", "openai2"))
    first, second = sealed("resp_1"), sealed("file-2", "default/openai2")
    body = {"model": "gpt", "previous_response_id": first, "input": [{"file_id": second}]}

    assert ask(gateway, "POST", "/v1/responses", body).code == "bad_request"


@mark.parametrize(
    "value, code",
    [("file-abc", "object_not_found"), ("file_abc", "object_not_found"), ("row 7", ""), (7, ""), (None, "")],
)
def test_raw_ids_of_files_are_refused_and_other_arguments_of_that_name_are_not(value: object, code: str) -> None:
    body = {"model": "gpt", "messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": value}}]}]}

    assert ask(world(), "POST", "/v1/chat/completions", body).code == code


@mark.parametrize(
    "path, body, is_sealed",
    [
        ("/v1/responses", {}, True),
        ("/v1/responses", {"store": False}, False),
        ("/v1/responses", {"store": None}, True),
        ("/v1/chat/completions", {"messages": []}, False),
        ("/v1/chat/completions", {"messages": [], "store": True}, True),
        ("/v1/embeddings", {}, False),
    ],
)
def test_only_what_is_stored_is_sealed(path: str, body: dict[str, object], is_sealed: bool) -> None:
    answer = ask(world(), "POST", path, {"model": "gpt", **body})
    answer.exchange.provider = OPENAI

    assert told(answer, {"id": "x"}) == {"id": sealed("x") if is_sealed else "x"}
    assert told(answer, {"id": "x"}, 400) == {"id": "x"}


def test_what_is_kept_goes_on_as_long_as_its_caller_may_come_in() -> None:
    """It names no model that could be withdrawn."""
    gateway = world(route(onRevocation="Cut"))
    exchange = ask(gateway, "GET", f"/v1/files/{sealed('file-a')}/content").exchange
    assert exchange.watch is not None
    assert gateway.snapshot.admits(exchange)
    gateway.apply({}, [credential()[0]])
    assert not gateway.snapshot.admits(exchange)


def test_without_a_key_for_ids_the_path_that_lists_stored_answers_is_for_asking_alone() -> None:
    answer = Gateway(basic()).ask(request("GET", "/v1/chat/completions"))

    assert answer.error is not None and (answer.code, answer.error.status) == ("method_not_allowed", 405)
