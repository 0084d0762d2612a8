"""StreamPolicy, as it reaches an exchange."""

from typing import Any

from pytest import mark, param

from data_plane.exchange import StreamTerms
from tests.fakes.gateway import Gateway, basic, post, resource


@mark.parametrize(
    ("spec", "terms"),
    [
        param(None, StreamTerms(15, 15, 0), id="no policy"),
        param({"commitAfterSeconds": 0}, StreamTerms(0, 15, 0), id="begins only with content"),
        param({"keepAliveSeconds": 5}, StreamTerms(15, 5, 0), id="kept alive"),
        param({"onClientGone": "Drain"}, StreamTerms(15, 15, 60), id="drained"),
        param({"onClientGone": "Drain", "drainSeconds": 9}, StreamTerms(15, 15, 9), id="drained for a while"),
    ],
)
def test_a_stream_is_delivered_as_its_policy_says(spec: dict[str, Any] | None, terms: StreamTerms) -> None:
    target = {"targetRefs": [{"kind": "Route", "name": "models"}]}
    policies = [] if spec is None else [resource("StreamPolicy", "s", {**target, **spec})]

    assert Gateway(basic() | dict(policies)).ask(post()).exchange.stream_terms == terms
