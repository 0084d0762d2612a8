"""Who may call a route."""

from pytest import mark, param

from tests.fakes.gateway import KEY, NOW, Gateway, basic, credential, post, request, resource, route


@mark.parametrize(
    "headers",
    [
        {"authorization": f"Bearer {KEY}"},
        {"authorization": f"bearer  {KEY}"},
        {"authorization": "", "x-api-key": KEY},
        {"authorization": "", "api-key": KEY},
        {"authorization": "", "x-goog-api-key": KEY},
        {"authorization": "Basic abc", "x-api-key": KEY},
    ],
)
def test_a_key_is_taken_where_each_api_s_clients_send_it(headers: dict[str, str]) -> None:
    answer = Gateway(basic()).ask(post(**headers))

    assert answer.error is None
    assert answer.exchange.identity is not None
    assert answer.exchange.identity.credential == "key"
    assert answer.exchange.identity.method == "ApiKey"


@mark.parametrize(
    "change, headers",
    [
        param({}, {"authorization": ""}, id="missing"),
        param({}, {"authorization": "Bearer "}, id="empty"),
        param({}, {"authorization": "Bearer isk_abc_other"}, id="unknown"),
        param(dict([credential(state="Revoked")]), {}, id="revoked"),
        param(dict([credential(expiresAt="2026-09-21T14:13:20Z")]), {}, id="expired"),
    ],
)
def test_no_refused_key_learns_why(change: dict[str, bytes], headers: dict[str, str]) -> None:
    answer = Gateway(basic() | change).ask(post(**headers))

    assert answer.code == "unauthenticated"
    assert answer.error is not None
    assert answer.error.message.startswith("no valid API key")
    assert answer.exchange.identity is None


def test_a_key_of_another_tenant_is_unknown_here() -> None:
    ours = route(hostnames=["a.example"])
    theirs = resource("Route", "theirs", {"models": {"matchLabels": {}}, "hostnames": ["b.example"]}, tenant="b")

    assert Gateway(basic() | dict([ours, theirs])).ask(post(host="b.example")).code == "unauthenticated"


def test_a_key_ends_at_its_time() -> None:
    gateway = Gateway(basic() | dict([credential(expiresAt="2026-09-21T14:13:21Z")]))
    assert gateway.wall_clock.now == NOW
    assert gateway.ask(post()).code == ""

    gateway.wall_clock.now += 1

    assert gateway.ask(post()).code == "unauthenticated"


@mark.parametrize(
    "methods, headers, code, method",
    [
        (["ApiKey", "Anonymous"], {"authorization": ""}, "", "Anonymous"),
        (["ApiKey", "Anonymous"], {}, "", "ApiKey"),
        (["ApiKey", "Anonymous"], {"authorization": "Bearer wrong"}, "unauthenticated", ""),
        (["Anonymous"], {"authorization": "Bearer wrong"}, "", "Anonymous"),
    ],
)
def test_anonymous_lets_in_who_brings_no_credential(
    methods: list[str], headers: dict[str, str], code: str, method: str
) -> None:
    gateway = Gateway(basic() | dict([route(authentication={"methods": methods})]))

    answer = gateway.ask(post(**headers))

    assert answer.code == code
    assert (answer.exchange.identity.method if answer.exchange.identity else "") == method


@mark.parametrize("allowance, code", [("Allow", ""), ("Refuse", "unauthenticated")])
def test_a_key_in_the_query_counts_where_the_route_allows_it(allowance: str, code: str) -> None:
    gateway = Gateway(basic() | dict([route(authentication={"keyInQuery": allowance})]))

    assert gateway.ask(post(f"/v1/chat/completions?key={KEY}", authorization="")).code == code


def test_a_key_in_the_query_is_taken_out_even_beside_another() -> None:
    gateway = Gateway(basic() | dict([route(authentication={"keyInQuery": "Allow"})]))

    answer = gateway.ask(post(f"/v1/chat/completions?a=1&key={KEY}&b=2"))

    assert answer.exchange.request.query == b"a=1&b=2"


@mark.parametrize("routes, code", [(["models"], ""), (["other"], "route_not_found"), ([], "route_not_found")])
def test_a_route_that_is_not_allowed_is_not_found(routes: list[str], code: str) -> None:
    gateway = Gateway(basic() | dict([resource("Application", "app", {"allowedRoutes": routes})]))

    assert gateway.ask(post()).code == code


def test_the_body_of_a_stranger_is_not_read() -> None:
    _, plan = Gateway(basic()).snapshot.begin(request("POST", "/v1/chat/completions", authorization=""), 0.0)

    assert plan.holds_body
    assert len(plan.head) == 1
    assert len(plan.body) == 1
