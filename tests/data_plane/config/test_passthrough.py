"""Routes to all of a provider's own API."""

from typing import Any

from pytest import mark, param

from data_plane.codecs.usage_meter import UsageMeter
from tests.fakes.gateway import Answer, Gateway, basic, provider, request, resource


def native(name: str = "openai", prefix: str = "/native", **spec: Any) -> tuple[str, bytes]:
    matches = [{"path": {"type": "Prefix", "value": prefix}}]
    return resource("Route", "native", {"providerRef": {"name": name}, "matches": matches, **spec})


def ask(path: str, method: str = "GET", kind: str = "OpenAI", prefix: str = "/native", **spec: Any) -> Answer:
    gateway = Gateway(basic() | dict([provider(kind=kind, **spec), native(prefix=prefix)]))
    return gateway.ask(request(method, path))


def target(answer: Answer) -> str:
    """The request target upstream."""
    version = answer.dispatcher.versions[0]
    there = version.targets[0].provider
    way = there.way(answer.exchange.api, answer.exchange.operation, "")
    return there.target(way, answer.exchange, "").decode()


@mark.parametrize(
    "path, kind, prefix, wanted",
    [
        param("/native/fine_tuning/jobs?limit=2", "OpenAI", "/native", "/v1/fine_tuning/jobs?limit=2", id="OpenAI"),
        param("/native/v1/skills?a=1&key=isk_x", "Anthropic", "/native", "/v1/skills?a=1", id="the caller's key"),
        param("/native/v1beta/files", "Gemini", "/native", "/v1beta/files", id="Gemini"),
        param("/native", "Anthropic", "/native", "/", id="nothing behind the prefix"),
        param("/n/a/x", "OpenAI", "/n/a/", "/v1/x", id="a slash behind the prefix"),
    ],
)
def test_what_stands_behind_the_prefix_goes_below_the_base_url(path: str, kind: str, prefix: str, wanted: str) -> None:
    answer = ask(path, kind=kind, prefix=prefix)

    assert (answer.code, target(answer)) == ("", wanted)
    assert answer.dispatcher.versions[0].targets[0].name == "openai"


@mark.parametrize(
    "path, method, kind, is_metered",
    [
        ("/native/chat/completions", "POST", "OpenAI", True),
        ("/native/images/generations", "POST", "OpenAI", True),
        ("/native/v1/messages", "POST", "Anthropic", True),
        ("/native/v1beta/models/g:generateContent", "POST", "Gemini", True),
        ("/native/chat/completions", "GET", "OpenAI", False),
        ("/native/v1/messages", "POST", "OpenAI", False),
        ("/native/fine_tuning/jobs", "POST", "OpenAI", False),
        ("/native/files", "POST", "OpenAI", False),
    ],
)
def test_usage_is_read_of_calls_that_are_known(path: str, method: str, kind: str, is_metered: bool) -> None:
    assert isinstance(ask(path, method, kind).exchange.meter, UsageMeter) is is_metered


def test_bodies_are_held_only_where_they_are_signed() -> None:
    signed = {"region": "eu-west-1", "baseUrl": "https://bedrock.example"}

    assert not ask("/native/x").plan.holds_body
    assert ask("/native/x", kind="Bedrock", **signed).plan.holds_body


def test_a_provider_that_is_not_there_is_not_served() -> None:
    gateway = Gateway(basic() | dict([native("nobody")]))

    assert gateway.ask(request("GET", "/native/x")).code == "not_programmed"


def test_callers_prove_themselves() -> None:
    gateway = Gateway(basic() | dict([native()]))

    assert gateway.ask(request("GET", "/native/x", authorization="Bearer isk_other_0")).code == "unauthenticated"


def test_policies_of_the_route_are_in_force() -> None:
    policy = resource(
        "HeaderPolicy",
        "h",
        {"targetRefs": [{"kind": "Route", "name": "native"}], "request": {"set": [{"name": "x-a", "value": "1"}]}},
    )
    gateway = Gateway(basic() | dict([native(), policy]))

    assert gateway.ask(request("GET", "/native/x")).exchange.request_headers == [(b"x-a", b"1")]
