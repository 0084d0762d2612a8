"""What admission takes for a route: one destination, and changes that fit what is matched."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from config_schemas.routing.route import Route

SERVICE = {"serviceRef": {"name": "s"}}


def route(**spec: Any) -> Route:
    document = {"apiVersion": "isthmus.dev/v1", "kind": "Route", "metadata": {"name": "r"}, "spec": spec}
    return Route.model_validate_json(json.dumps(document))


def path(kind: str, value: str) -> dict[str, Any]:
    return {"path": {"type": kind, "value": value}}


@pytest.mark.parametrize(
    "spec",
    [
        {"redirect": {"scheme": "https", "statusCode": 308}},
        {"redirect": path("Template", "/b/{id}"), "matches": [path("Template", "/a/{id}")]},
        {"respond": {}},
        {"respond": {"status": 503, "body": "a" * 65536, "headers": [{"name": "retry-after", "value": "60"}]}},
        {**SERVICE, "rewrite": {"query": {"remove": ["debug"]}}},
        {"providerRef": {"name": "openai"}},
        {**SERVICE, "rewrite": path("ReplacePrefix", "/")},
        {**SERVICE, "rewrite": path("ReplaceFull", "/a"), "matches": [path("Exact", "/b"), path("Template", "/{c}")]},
    ],
)
def test_a_route_leads_somewhere(spec: dict[str, Any]) -> None:
    assert route(**spec).spec.models is None


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({}, "exactly one of `models`, `serviceRef`, `providerRef`, `redirect` and `respond` is required"),
        ({**SERVICE, "respond": {}}, "exactly one of"),
        ({**SERVICE, "providerRef": {"name": "openai"}}, "exactly one of"),
        ({"providerRef": {"name": "p"}, "matches": [path("Exact", "/b")]}, "`providerRef` needs `type: Prefix`"),
        ({"providerRef": {"name": "openai"}, "upgrades": [{}]}, "`upgrades` needs `serviceRef`"),
        ({"respond": {}, "rewrite": {"hostname": "a"}}, "`rewrite` needs `serviceRef`"),
        ({**SERVICE, "rewrite": {}}, "at least one of `path`, `hostname` and `query`"),
        ({"redirect": {}}, "at least one of `scheme`, `hostname`, `port` and `path`"),
        ({"redirect": {"query": "Drop"}}, "at least one of"),
        ({"redirect": {"scheme": "ftp"}}, "Input should be 'http' or 'https'"),
        ({"redirect": {"hostname": "*.a.example"}}, "should match pattern"),
        ({"redirect": {"hostname": "a/b"}}, "should match pattern"),
        ({"redirect": {"scheme": "https", "statusCode": 304}}, "Input should be 301, 302, 303, 307 or 308"),
        ({"redirect": path("ReplaceFull", "//evil.example")}, "`value` must not have empty segments"),
        ({"redirect": path("ReplaceFull", "/\\evil.example")}, "should match pattern"),
        ({"redirect": path("ReplaceFull", "/a\r\nx: y")}, "should match pattern"),
        ({"redirect": path("ReplaceFull", "/a/../b")}, "must not have the segments '.' and '..'"),
        ({"redirect": path("ReplaceFull", "/..;x")}, "must not have the segments '.' and '..'"),
        ({"redirect": path("ReplaceFull", "/{a}")}, "may have braces only with `type: Template`"),
        ({**SERVICE, "rewrite": path("Template", "/a{b}"), "matches": [path("Template", "/{b}")]}, "a whole segment"),
        ({**SERVICE, "rewrite": path("Template", "/{b}"), "matches": [path("Template", "/{a}")]}, "has {b}, which"),
        ({**SERVICE, "rewrite": path("Template", "/b")}, "needs `type: Template` in the path of every match"),
        ({"redirect": path("ReplacePrefix", "/b"), "matches": [path("Exact", "/c")]},
         "`redirect.path.type: ReplacePrefix` needs `type: Prefix`"),
        ({"respond": {"status": 204, "body": "a"}}, "a response with status 204 has no `body`"),
        ({"respond": {"status": 101}}, "greater than or equal to 200"),
        ({"respond": {"body": "é" * 40000}}, "at most 65536 bytes"),
        ({"respond": {"headers": [{"name": "content-length", "value": "1"}]}}, "is set by the gateway"),
        ({"respond": {"headers": [{"name": "x-isthmus-error", "value": "1"}]}}, "is set by the gateway"),
        ({"respond": {"headers": [{"name": "a", "value": "b\r\nc: d"}]}}, "should match pattern"),
        ({**SERVICE, "rewrite": {"query": {"remove": ["a&b"]}}}, "should match pattern"),
    ],
)  # fmt: skip
def test_what_leads_nowhere_or_astray_is_refused(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        route(**spec)
    assert message in str(caught.value)
