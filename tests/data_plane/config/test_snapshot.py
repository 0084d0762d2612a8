"""Whether a revision lets in what is under way."""

import pytest

from data_plane.exchange import Exchange
from tests.fakes.gateway import KEY, NOW, Gateway, basic, credential, post, request, resource, route

SERVICE = resource("Service", "svc", {"endpoints": [{"host": "h", "port": 80}]})


def live(**spec: object) -> tuple[str, bytes]:
    return route(
        "live",
        **{
            "serviceRef": {"name": "svc"},
            "matches": [{"path": {"value": "/live"}, "query": [{"name": "a", "value": "1"}]}],
            "authentication": {"methods": ["ApiKey"], "keyInQuery": "Allow"},
            "rewrite": {"query": {"remove": ["a"]}},
            "upgrades": [{"protocol": "websocket"}],
            **spec,
        },
    )


def gateway(**spec: object) -> Gateway:
    return Gateway(dict([SERVICE, live(**spec), resource("Application", "app"), credential()]))


def underway(served: Gateway, target: str = "/live/x?a=1", **headers: str) -> Exchange:
    """An exchange that has gone through its plans, with what they make of the query."""
    asked = request(
        "GET", target, **{"sec-websocket-version": "13", "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==", **headers}
    )
    asked.upgrade = b"websocket"
    exchange = served.ask(asked).exchange
    assert exchange.upgrade is not None
    assert exchange.request.query == b""
    return exchange


def other(path: str) -> tuple[str, bytes]:
    matches = [{"path": {"value": path}}]
    return route("other", serviceRef={"name": "svc"}, matches=matches, upgrades=[{"protocol": "websocket"}])


CHANGES: dict[str, tuple[list[tuple[str, bytes]], list[str], bool]] = {
    "nothing": ([], [], True),
    "its description": ([live(description="x")], [], True),
    "its terms": ([live(upgrades=[{"protocol": "websocket", "idleSeconds": 9}])], [], True),
    "another route": ([other("/other")], [], True),
    "its path": ([live(matches=[{"path": {"value": "/elsewhere"}}])], [], False),
    "a narrower route": ([other("/live/x")], [], False),
    "its protocol": ([live(upgrades=[{"protocol": "other"}])], [], False),
    "its removal": ([], [live()[0]], False),
    "its key": ([], [credential()[0]], False),
    "the key's expiry": ([credential(expiresAt="2020-01-01T00:00:00Z")], [], False),
    "the application's routes": ([resource("Application", "app", {"allowedRoutes": ["other"]})], [], False),
}


@pytest.mark.parametrize("by_query", [False, True], ids=["key in a header", "key in the query"])
@pytest.mark.parametrize("change", CHANGES)
def test_what_is_under_way_is_admitted_unless_it_may_no_longer_be(change: str, by_query: bool) -> None:
    served = gateway()
    exchange = underway(served, f"/live/x?a=1&key={KEY}", authorization="") if by_query else underway(served)
    assert served.snapshot.admits(exchange)
    changed, removed, expected = CHANGES[change]
    assert served.apply(dict(changed), removed).rejections == ()
    assert served.snapshot.admits(exchange) is expected


def test_a_key_expires_without_a_change() -> None:
    served = gateway()
    served.apply(dict([credential(expiresAt="2027-01-01T00:00:00Z")]))
    exchange = underway(served)
    assert served.snapshot.admits(exchange)
    served.wall_clock.now = 2 * NOW
    assert not served.snapshot.admits(exchange)


def test_who_needs_no_key_stays() -> None:
    served = gateway(authentication={"methods": ["Anonymous"]})
    exchange = underway(served, authorization="")
    served.apply({}, [credential()[0]])
    assert served.snapshot.admits(exchange)


def test_of_models_those_stay_that_their_caller_may_use() -> None:
    served = Gateway(basic() | dict([route(onRevocation="Cut")]))
    exchange = served.ask(post()).exchange
    assert exchange.watch is not None and exchange.watch.cuts_answers
    assert served.snapshot.admits(exchange)
    served.apply(dict([resource("Application", "app", {"allowedModels": ["other"]})]))
    assert not served.snapshot.admits(exchange)


def test_what_needs_no_watch_has_none() -> None:
    assert Gateway(basic()).ask(post()).exchange.watch is None
