"""Which upgrades a route may name."""

from typing import Any

import pytest
from pydantic import ValidationError

from config_schemas.routing.route import RouteSpec
from config_schemas.routing.upgrade import Upgrade


def spec(*upgrades: dict[str, Any], **others: Any) -> RouteSpec:
    return RouteSpec.model_validate({"serviceRef": {"name": "s"}, "upgrades": upgrades} | others)


def test_by_default_it_is_websocket_and_no_page_may() -> None:
    upgrade = Upgrade()
    assert (upgrade.protocol, upgrade.origins) == ("websocket", ())
    assert (upgrade.idle_seconds, upgrade.total_seconds) == (300, 86_400)


@pytest.mark.parametrize("protocol", ["h2c", "h2", "http/2.0", "tls/1.2", "WebSocket", "a b", "", "a,b"])
def test_protocols_that_carry_requests_or_are_no_names_are_refused(protocol: str) -> None:
    with pytest.raises(ValidationError):
        Upgrade(protocol=protocol)


@pytest.mark.parametrize("origin", ["*", "https://a.example", "https://*.a.example", "http://localhost:8080"])
def test_origins_are_written_as_in_cors(origin: str) -> None:
    assert Upgrade(origins=(origin,)).origins == (origin,)


@pytest.mark.parametrize("origin", ["a.example", "https://a.example/", "https://a.*", "null", "https://A.example"])
def test_what_no_browser_sends_is_no_origin(origin: str) -> None:
    with pytest.raises(ValidationError):
        Upgrade(origins=(origin,))


def test_a_route_names_each_protocol_once() -> None:
    assert len(spec({}, {"protocol": "custom/1"}).upgrades) == 2
    with pytest.raises(ValidationError, match="may name a protocol once"):
        spec({}, {"protocol": "websocket"})


def test_upgrades_need_a_service() -> None:
    with pytest.raises(ValidationError, match="needs `serviceRef`"):
        spec({}, serviceRef=None, respond={"status": 204})


def test_every_route_may_cut_answers() -> None:
    assert spec(onRevocation="Cut").on_revocation == "Cut"
    assert RouteSpec.model_validate({"models": {"matchLabels": {}}, "onRevocation": "Cut"}).on_revocation == "Cut"
