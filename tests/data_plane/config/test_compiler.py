"""From resources to plans: what is served, what is refused, what is rejected."""

import json

from pytest import mark, param

from tests.fakes.gateway import Gateway, basic, credential, model, post, provider, request, resource, route, secret


def test_a_request_for_a_model_goes_to_its_versions() -> None:
    answer = Gateway(basic()).ask(post())

    assert answer.error is None
    assert [version.name for version in answer.dispatcher.versions] == ["v1"]
    assert answer.exchange.model == "gpt"
    assert answer.exchange.route == "default/models"
    assert answer.exchange.identity is not None
    assert answer.exchange.identity.application == "app"


def test_a_rest_route_goes_to_its_service_untouched() -> None:
    gateway = Gateway(
        basic()
        | dict(
            [
                resource("Service", "shop", {"endpoints": [{"host": "127.0.0.1", "port": 80}], "basePath": "/api"}),
                route("shop", serviceRef={"name": "shop"}, matches=[{"path": {"value": "/shop"}}]),
            ]
        )
    )

    answer = gateway.ask(request("PUT", "/shop/items/1", b"not json"))

    assert answer.error is None
    assert not answer.plan.holds_body
    assert answer.dispatcher.target is not None
    assert answer.dispatcher.target.base_path == b"/api"
    assert answer.exchange.api == "rest"


def test_before_the_first_configuration_everything_is_refused() -> None:
    assert Gateway().ask(post()).code == "not_programmed"


@mark.parametrize(
    "path, api",
    [
        ("/v1/nothing", "openai"),
        ("/v1beta/nothing", "gemini"),
        ("/anthropic/nothing", "anthropic"),
        ("/nothing", "rest"),
    ],
)
def test_what_no_route_takes_is_refused_in_the_client_s_api_and_recorded(path: str, api: str) -> None:
    gateway = Gateway({})

    answer = gateway.ask(request("GET", path))
    answer.complete()

    assert (answer.code, answer.exchange.api) == ("route_not_found", api)
    assert [record.error_code for record in gateway.sink.records] == ["route_not_found"]
    assert len(gateway.metrics.requests) == 1


@mark.parametrize("path", ["/v1/nothing", "/v1/messages"])
def test_what_a_route_does_not_offer_is_not_found(path: str) -> None:
    resources = basic() | dict([route(models={"matchLabels": {}, "clientApis": ["OpenAI"]})])

    assert Gateway(resources).ask(post(path)).code == "route_not_found"


@mark.parametrize("prefix", ["/", "/team", "/v1", "/v1/chat"])
def test_apis_lie_below_a_route_s_prefix(prefix: str) -> None:
    gateway = Gateway(basic() | dict([route(matches=[{"path": {"value": prefix}}])]))
    path = f"{prefix}/v1/chat/completions" if prefix == "/team" else "/v1/chat/completions"

    answer = gateway.ask(post(path))

    assert (answer.code, answer.exchange.operation) == ("", "chat")


@mark.parametrize(
    "missing, ask",
    [
        param("default/Provider/openai", post(), id="a model's provider"),
        param("default/Secret/secret", post(), id="a provider's secret"),
        param("default/Model/named", post(body={"model": "named"}), id="a route's model"),
        param("default/Service/shop", request("GET", "/shop"), id="a route's service"),
        param("default/Application/app", post(), id="a credential's application"),
        param("default/Team/team", post(), id="an application's team"),
    ],
)
def test_what_refers_to_something_missing_is_served_fail_closed(missing: str, ask: object) -> None:
    resources = basic() | dict(
        [
            model("named"),
            route(models={"matchLabels": {}, "refs": [{"name": "named"}]}),
            resource("Service", "shop", {"endpoints": [{"host": "h", "port": 80}]}),
            route("shop", serviceRef={"name": "shop"}, matches=[{"path": {"value": "/shop"}}]),
            resource("Application", "app", {"teamRef": {"name": "team"}}),
            resource("Team", "team"),
        ]
    )
    gateway = Gateway(resources)
    assert gateway.ask(ask).code == ""  # type: ignore[arg-type]  # a table of requests

    assert gateway.apply({}, [missing]).rejections == ()
    assert gateway.ask(ask).code == "not_programmed"  # type: ignore[arg-type]

    gateway.apply({missing: resources[missing]})
    assert gateway.ask(ask).code == ""  # type: ignore[arg-type]


def test_a_version_whose_provider_is_missing_leaves_the_others_served() -> None:
    answer = Gateway(basic() | dict([model("gpt", "missing", "openai")])).ask(post())

    assert [version.name for version in answer.dispatcher.versions] == ["v2"]


def test_a_target_without_weight_is_not_used() -> None:
    targets = [{"providerRef": {"name": "openai"}, "weight": weight, "model": f"m{weight}"} for weight in (0, 2)]
    gateway = Gateway(basic() | dict([model("gpt", versions=[{"name": "v1", "targets": targets}])]))

    assert [target.model for target in gateway.ask(post()).dispatcher.versions[0].targets] == ["m2"]


def written(kind: str, name: str, **document: object) -> tuple[str, bytes]:
    """What somebody has written into the store by hand."""
    whole = {"apiVersion": "isthmus.dev/v1", "kind": kind, "metadata": {"name": name, "tenant": "default"}, **document}
    return f"default/{kind}/{name}", json.dumps(whole).encode()


HASH = f"sha256:{'0' * 64}"


@mark.parametrize(
    "path, content, reason",
    [
        param("default/Model/gpt", b"{", "truncated", id="no JSON"),
        param("default/Later/a", b"{}", "kind 'Later' is not known", id="an unknown kind"),
        param(*written("Model", "gpt", spec={"versions": []}), "length >= 1", id="out of bounds"),
        param(*written("Provider", "p", spec={"type": "Watson"}), "Invalid enum value 'Watson'", id="an unknown type"),
        param(*written("Provider", "p", spec={"type": "OpenAICompatible"}), "`baseUrl` is required", id="no URL"),
        param(*written("Provider", "p", spec={"type": "Bedrock"}), "`region` is required", id="no region"),
        param(
            *written("Provider", "p", spec={"type": "VertexAI", "region": "eu", "baseUrl": "http://h"}),
            "`project` is required",
            id="no project, for all its base URL",
        ),
        param(
            *written("Provider", "p", spec={"type": "OpenAI", "baseUrl": "http://h:99999"}),
            "out of range",
            id="no port",
        ),
        param(
            *written("Provider", "p", spec={"type": "OpenAI", "tls": {"caPem": "no certificate"}}),
            "`spec.tls.caPem`",
            id="no certificate",
        ),
        param(
            *written(
                "HeaderPolicy",
                "h",
                spec={"selector": {"kind": "Route"}, "request": {"set": [{"name": "host", "value": "x"}]}},
            ),
            "'host' is set by the gateway",
            id="a reserved header",
        ),
        param(*written("Route", "r", spec={}), "exactly one of `models`, `serviceRef`", id="a rule over two fields"),
        param(
            *written("Route", "r", spec={"models": {"matchLabels": {}}, "matches": [{"path": {"value": "/{a}"}}]}),
            "needs `type: Template`",
            id="braces in a prefix",
        ),
        param(
            *written(
                "Route",
                "r",
                spec={
                    "models": {"matchLabels": {}},
                    "matches": [{"path": {"type": "Template", "value": "/a{b}"}}],
                },
            ),
            "whole segment",
            id="half a segment in braces",
        ),
        param(
            *written("Route", "r", spec={"serviceRef": {"name": "s", "tenant": "other"}}),
            "`tenant` must be 'default' or 'platform'",
            id="another tenant's service",
        ),
        param("default/Model/other", model("gpt")[1], "names another resource", id="another path"),
        param("default/Credential/a", b"{}", "missing required field", id="an empty credential"),
        param(
            *written("Credential", "c", spec={"applicationRef": {"name": "app"}, "hash": "sha256:00"}),
            "64 hexadecimal digits",
            id="half a hash",
        ),
        param(
            *written("Credential", "c", spec={"applicationRef": {"name": "app"}, "hash": HASH, "expiresAt": "soon"}),
            "'soon' is no date",
            id="no date",
        ),
        param(
            *written("Credential", "c", spec={"applicationRef": {"name": "a", "tenant": "other"}, "hash": HASH}),
            "must be the credential's own",
            id="another tenant's application",
        ),
        param(
            *written("Credential", "c", spec={"applicationRef": {"name": "a\0b"}, "hash": HASH}),
            "zero character",
            id="a zero character",
        ),
    ],
)
def test_what_cannot_be_compiled_is_rejected_and_nothing_changes(path: str, content: bytes, reason: str) -> None:
    gateway = Gateway(basic())
    before = gateway.snapshot

    compiled = gateway.apply({path: content, **dict([model("new")])})

    assert [rejection.path for rejection in compiled.rejections] == [path]
    assert reason in compiled.rejections[0].reason
    assert gateway.snapshot is before
    assert gateway.ask(post(body={"model": "new"})).code == "model_not_found"
    assert gateway.apply(dict([model("new")])).rejections == ()
    assert gateway.ask(post(body={"model": "new"})).code == ""


def test_all_rejections_are_collected() -> None:
    compiled = Gateway(basic()).apply({"default/Model/a": b"", "default/Route/b": b"", "default/Credential/c": b""})

    assert [each.path for each in compiled.rejections] == [
        "default/Credential/c",
        "default/Model/a",
        "default/Route/b",
    ]


def test_two_credentials_with_one_key_are_refused_but_keys_may_change_owners() -> None:
    gateway = Gateway(basic() | dict([credential("other", key="second")]))

    assert [each.path for each in gateway.apply(dict([credential("third")])).rejections] == ["default/Credential/third"]
    assert gateway.apply(dict([credential("key", key="second"), credential("other")])).rejections == ()
    identity = gateway.ask(post()).exchange.identity
    assert identity is not None
    assert identity.credential == "other"


def test_a_change_leaves_what_does_not_depend_on_it() -> None:
    gateway = Gateway(basic() | dict([provider("other"), model("second", "other")]))
    before = gateway.compiler._base.state.units

    gateway.apply(dict([provider("other", baseUrl="http://127.0.0.1:1/v1")]))

    after = gateway.compiler._base.state.units
    same = {path for path, unit in after.items() if before.get(path) is unit}
    assert same == {f"default/{each}" for each in ("Provider/openai", "Model/gpt", "Application/app", "Secret/secret")}


def test_an_exchange_keeps_its_plan_when_the_snapshot_changes() -> None:
    gateway = Gateway(basic())
    exchange, plan = gateway.snapshot.begin(post(), 0.0)
    for _, hook in (*plan.head, *plan.body):
        hook(exchange)

    gateway.apply({}, ["default/Model/gpt", "default/Route/models"])

    assert plan.next is not None
    assert plan.next(exchange).dispatcher is not None


def test_plans_are_kept_by_route_model_and_caller() -> None:
    gateway = Gateway(basic() | dict([model("second"), resource("Application", "b"), credential("b", "b", "b-key")]))

    plan = gateway.ask(post()).plan

    assert gateway.ask(post()).plan is plan
    assert gateway.ask(post(authorization="Bearer b-key")).plan is plan  # no policy tells the two callers apart
    assert gateway.ask(post(body={"model": "second"})).plan is not plan


def test_a_secret_does_not_show_in_what_was_compiled() -> None:
    gateway = Gateway(basic() | dict([secret("hunter2")]))

    assert "hunter2" not in repr(gateway.compiler._base)
