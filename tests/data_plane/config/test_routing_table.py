"""Which of several routes takes a request."""

from hashlib import sha256

from pytest import mark, param

from tests.fakes.gateway import Gateway, basic, request, resource, route

SERVICE = resource("Service", "svc", {"endpoints": [{"host": "h", "port": 80}]})


def rest(name: str, *matches: dict[str, object], hosts: tuple[str, ...] = ()) -> tuple[str, bytes]:
    spec = {
        "serviceRef": {"name": "svc"},
        "authentication": {"methods": ["Anonymous"]},
        "matches": list(matches) or [{}],
        "hostnames": list(hosts),
    }
    return resource("Route", name, spec)


def at(kind: str, value: str, **conditions: object) -> dict[str, object]:
    return {"path": {"type": kind, "value": value}, **conditions}


ROUTES = dict(
    [
        SERVICE,
        rest("root", at("Prefix", "/")),
        rest("shop", at("Prefix", "/shop/")),
        rest("items", at("Prefix", "/shop/items")),
        rest("exact", at("Exact", "/shop/items")),
        rest("post", at("Prefix", "/cond", methods=["POST"])),
        rest("header", at("Prefix", "/cond", methods=["POST"], headers=[{"name": "x-a", "value": "1"}])),
        rest("query", at("Prefix", "/cond", query=[{"name": "q", "value": "1"}])),
        rest("a-tie", at("Exact", "/tie")),
        rest("b-tie", at("Exact", "/tie")),
        rest("host", at("Prefix", "/"), hosts=("a.example",)),
        rest("wild", at("Prefix", "/"), hosts=("*.example",)),
        rest("deep", at("Prefix", "/"), hosts=("*.deep.example",)),
        rest("only-path", at("Prefix", "/only"), hosts=("c.other",)),
    ]
)
TEMPLATES = dict(
    [
        SERVICE,
        rest("user", at("Template", "/users/{id}")),
        rest("me", at("Template", "/{what}/me")),
        rest("orders", at("Template", "/users/{id}/orders")),
        rest("prefix", at("Prefix", "/users/7")),
    ]
)


@mark.parametrize(
    "path, headers, name",
    [
        param("/other", {}, "root", id="the shortest prefix takes the rest"),
        param("/", {}, "root", id="the root itself"),
        param("/shop", {}, "shop", id="a prefix without its last slash"),
        param("/shop/x", {}, "shop", id="a prefix"),
        param("/shopping", {}, "root", id="a prefix ends where a segment ends"),
        param("/shop/items/1", {}, "items", id="the longest prefix"),
        param("/shop/items", {}, "exact", id="exact before prefix"),
        param("/tie", {}, "a-tie", id="by name at last"),
        param("/x", {"host": "a.example"}, "host", id="exact host"),
        param("/x", {"host": "A.Example.:8080"}, "host", id="host with port, capitals and last dot"),
        param("/x", {"host": "b.example"}, "wild", id="wildcard host"),
        param("/x", {"host": "x.b.example"}, "wild", id="wildcard spans labels"),
        param("/x", {"host": "x.deep.example"}, "deep", id="longer wildcard"),
        param("/x", {"host": "example"}, "root", id="a wildcard wants a label"),
        param("/only/x", {"host": "c.other"}, "only-path", id="host with a path of its own"),
        param("/x", {"host": "c.other"}, "root", id="a host without such a path falls back"),
        param("/x", {"host": "[::1]:80"}, "root", id="IPv6"),
        param("/cond", {}, "root", id="conditions not met"),
        param("/cond?q=1", {}, "query", id="query"),
        param("/cond?q=12", {}, "root", id="query of another value"),
    ],
)
def test_the_most_specific_route_takes_the_request(path: str, headers: dict[str, str], name: str) -> None:
    answer = Gateway(ROUTES).ask(request("GET", path, **headers))

    assert answer.exchange.route == f"default/{name}"


def test_more_conditions_win() -> None:
    gateway = Gateway(ROUTES)

    assert gateway.ask(request("POST", "/cond")).exchange.route == "default/post"
    assert gateway.ask(request("POST", "/cond", **{"x-a": "1"})).exchange.route == "default/header"


@mark.parametrize(
    "path, name",
    [
        ("/users/1", "default/user"),
        ("/users/me", "default/me"),  # both have one segment fixed: the name decides
        ("/groups/me", "default/me"),
        ("/users/1/orders", "default/orders"),
        ("/users/7", "default/prefix"),
        ("/users/", ""),
        ("/users/1/2", ""),
    ],
)
def test_templates_match_segment_by_segment_after_prefixes(path: str, name: str) -> None:
    assert Gateway(TEMPLATES).ask(request("GET", path)).exchange.route == name


def test_a_route_for_another_gateway_is_not_served_here() -> None:
    path, _ = rest("elsewhere")
    spec = {"serviceRef": {"name": "svc"}, "gatewayRefs": [{"name": "inner"}]}

    answer = Gateway(dict([SERVICE, resource("Route", path.rpartition("/")[2], spec)])).ask(request("GET", "/"))

    assert answer.exchange.route == ""
    assert answer.code == "route_not_found"


def of_tenant(tenant: str, *routes: tuple[str, bytes]) -> dict[str, bytes]:
    """A tenant with a key of its own, `isk_<tenant>`."""
    hashed = f"sha256:{sha256(f'isk_{tenant}'.encode()).hexdigest()}"
    return dict(
        [
            resource("Application", "app", tenant=tenant),
            resource("Credential", "key", {"applicationRef": {"name": "app"}, "hash": hashed}, tenant=tenant),
            resource("Service", "svc", {"endpoints": [{"host": tenant, "port": 80}]}, tenant=tenant),
            *routes,
        ]
    )


def route_of(tenant: str, match: dict[str, object], *methods: str) -> tuple[str, bytes]:
    spec = {"serviceRef": {"name": "svc"}, "matches": [match], "authentication": {"methods": list(methods)}}
    return resource("Route", "route", spec, tenant=tenant)


@mark.parametrize(
    "theirs",
    [at("Prefix", "/"), at("Exact", "/chat"), at("Prefix", "/chat", methods=["POST"])],
    ids=["the same", "a more specific path", "a condition more"],
)
def test_no_tenant_draws_anothers_traffic_to_itself(theirs: dict[str, object]) -> None:
    ours = of_tenant("ours", route_of("ours", at("Prefix", "/"), "ApiKey"))
    gateway = Gateway(ours | of_tenant("a-thief", route_of("a-thief", theirs, "ApiKey", "Anonymous")))
    assert gateway.ask(request("POST", "/chat", b"", authorization="Bearer isk_ours")).exchange.route == "ours/route"
    theft = gateway.ask(request("POST", "/chat", b"", authorization="Bearer isk_a-thief"))
    assert theft.exchange.route == "a-thief/route"


def test_a_route_of_the_platform_is_everybodys() -> None:
    platform = of_tenant("platform", route_of("platform", at("Exact", "/status"), "ApiKey"))
    gateway = Gateway(of_tenant("ours", route_of("ours", at("Prefix", "/"), "ApiKey")) | platform)
    asked = gateway.ask(request("GET", "/status", b"", authorization="Bearer isk_ours"))
    assert asked.exchange.route == "platform/route" and asked.error is None


def test_what_another_tenant_opens_to_everybody_is_open_to_a_key_of_ours() -> None:
    opened = of_tenant("theirs", route_of("theirs", at("Prefix", "/open"), "Anonymous"))
    gateway = Gateway(of_tenant("ours", route_of("ours", at("Prefix", "/own"), "ApiKey")) | opened)
    asked = gateway.ask(request("GET", "/open", b"", authorization="Bearer isk_ours"))
    assert asked.exchange.route == "theirs/route" and asked.error is None


def test_head_goes_where_get_goes_unless_a_route_names_it() -> None:
    routes = [
        rest("a-get", at("Prefix", "/a", methods=["GET"])),
        rest("b-head", at("Prefix", "/a", methods=["HEAD"])),
        rest("get", at("Prefix", "/b", methods=["GET"])),
    ]
    gateway = Gateway(dict([SERVICE, *routes]))

    assert gateway.ask(request("HEAD", "/a")).exchange.route == "default/b-head"
    assert gateway.ask(request("GET", "/a")).exchange.route == "default/a-get"
    assert gateway.ask(request("HEAD", "/b")).exchange.route == "default/get"


def test_what_other_methods_serve_is_refused_with_their_names() -> None:
    routes = [
        rest("get", at("Prefix", "/a", methods=["GET"])),
        rest("put", at("Template", "/a/{id}", methods=["PUT"])),
        rest("beta", at("Exact", "/a/1", methods=["PATCH"], headers=[{"name": "x-beta", "value": "1"}])),
    ]
    gateway = Gateway(dict([SERVICE, *routes]))

    def allowed(method: str, path: str, **headers: str) -> str:
        error = gateway.ask(request(method, path, **headers)).error
        assert error is not None
        return f"{error.code} {dict(error.headers).get(b'allow', b'').decode()}".strip()

    assert allowed("POST", "/a") == "method_not_allowed GET, HEAD, OPTIONS"
    assert allowed("POST", "/a/1") == "method_not_allowed GET, HEAD, OPTIONS, PUT"
    assert allowed("POST", "/a/1", **{"x-beta": "1"}) == "method_not_allowed GET, HEAD, OPTIONS, PATCH, PUT"
    assert allowed("POST", "/b") == "route_not_found"


@mark.parametrize(
    "path, allow",
    [
        ("/rest", b"GET, HEAD, OPTIONS"),
        ("/v1/chat/completions", b"OPTIONS, POST"),
        ("/v1/models", b"GET, HEAD, OPTIONS"),
    ],
)
def test_who_asks_for_methods_is_told_without_a_key(path: str, allow: bytes) -> None:
    gateway = Gateway(
        basic()
        | dict([SERVICE, rest("rest", at("Prefix", "/rest", methods=["GET"])), route(matches=[at("Prefix", "/v1")])])
    )

    answer = gateway.ask(request("OPTIONS", path, authorization=""))

    assert answer.response is not None, answer.error
    assert (answer.response.status, answer.response.headers) == (204, [(b"allow", allow)])


def test_who_asks_for_methods_of_what_is_not_there_is_told_so() -> None:
    assert Gateway(basic()).ask(request("OPTIONS", "/v1/nothing")).code == "route_not_found"


def test_models_asked_for_by_another_method_say_by_which() -> None:
    for path, allow in (("/v1/chat/completions", b"OPTIONS, POST"), ("/v1/models", b"GET, HEAD, OPTIONS")):
        error = Gateway(basic()).ask(request("DELETE", path)).error
        assert error is not None
        assert dict(error.headers)[b"allow"] == allow


def test_a_caller_hears_of_its_own_methods_only() -> None:
    theirs = of_tenant("a-theirs", route_of("a-theirs", at("Prefix", "/a", methods=["PUT"]), "ApiKey"))
    ours = of_tenant("ours", route_of("ours", at("Prefix", "/a", methods=["GET"]), "ApiKey"))

    answer = Gateway(ours | theirs).ask(request("DELETE", "/a", authorization="Bearer isk_ours"))

    assert answer.exchange.route == "ours/route"
    assert answer.error is not None
    assert dict(answer.error.headers)[b"allow"] == b"GET, HEAD, OPTIONS"
