"""What a route to a Service makes of paths, whatever clients write."""

from hypothesis import given, settings
from hypothesis import strategies as st

from data_plane.errors import BadRequest
from data_plane.ingress.canonical_path import canonicalize
from tests.fakes.gateway import Gateway, request, resource

# What two readers might disagree on: dots, slashes and escapes, once and twice.
SEGMENTS = st.sampled_from(
    [
        "a",
        "b",
        "a.",
        "..b",
        "%C3%A9",
        "%61",
        ".",
        "%2e",
        "a;..",
        "%3B",
        "..",
        "%2E%2e",
        "",
        "%2f",
        "%5c",
        "..;",
        "%252e",
    ]
)
TAILS = st.lists(SEGMENTS, max_size=6).map(lambda segments: "".join(f"/{each}" for each in segments))
IDS = st.text(st.sampled_from("ab.%2eE5cf;/"), min_size=1, max_size=8)


def gateway(change: dict[str, str], kind: str, value: str, *, redirects: bool = False) -> Gateway:
    path = {"path": change}
    spec = {
        "authentication": {"methods": ["Anonymous"]},
        "matches": [{"path": {"type": kind, "value": value}}],
        **({"redirect": path} if redirects else {"serviceRef": {"name": "svc"}, "rewrite": path}),
    }
    service = resource("Service", "svc", {"endpoints": [{"host": "h", "port": 80}]})
    return Gateway(dict([service, resource("Route", "route", spec)]))


PREFIX = gateway({"type": "ReplacePrefix", "value": "/inner/api"}, "Prefix", "/public")
TEMPLATE = gateway({"type": "Template", "value": "/inner/{id}/end"}, "Template", "/public/{id}")


MOVED = gateway({"type": "ReplacePrefix", "value": "/"}, "Prefix", "/public", redirects=True)


def forwarded(served: Gateway, target: str) -> bytes | None:
    """The path that goes upstream for a target; None: it is refused, or not the route's."""
    try:
        path, _ = canonicalize(target.encode())
    except BadRequest:
        return None
    exchange = served.ask(request("GET", path.decode())).exchange
    return exchange.api_path if exchange.route else None


def is_canonical(path: bytes) -> bool:
    """Whether the next reader sees the same path."""
    return canonicalize(path) == (path, b"")


@settings(max_examples=400)
@given(TAILS)
def test_no_path_leads_out_of_the_prefix_that_replaces_it(tail: str) -> None:
    path = forwarded(PREFIX, f"/public{tail}")

    assert path is None or path == b"/inner/api" or path.startswith(b"/inner/api/")
    assert path is None or is_canonical(path)


@settings(max_examples=400)
@given(TAILS)
def test_no_path_makes_a_redirect_lead_to_another_host(tail: str) -> None:
    try:
        path, _ = canonicalize(f"/public{tail}".encode())
    except BadRequest:
        return
    response = MOVED.ask(request("GET", path.decode())).response
    location = dict(response.headers)[b"location"] if response is not None else b"/"

    assert location[:1] == b"/" and location[1:2] not in (b"/", b"\\")
    assert is_canonical(location)


@settings(max_examples=400)
@given(IDS)
def test_no_segment_leads_out_of_its_place(segment: str) -> None:
    path = forwarded(TEMPLATE, f"/public/{segment}")

    assert path is None or (path.startswith(b"/inner/") and path.endswith(b"/end") and path.count(b"/") == 3)
    assert path is None or is_canonical(path)
