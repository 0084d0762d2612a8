"""`downgrade-check` against the API."""

import json

from tests.fakes.served_api import Isthmus, ServedApi

OLD = """
apiVersion: isthmus.dev/v1
kind: Service
metadata: {name: shop}
spec: {endpoints: [{host: shop.example, port: 80}]}
---
apiVersion: isthmus.dev/v1
kind: Route
metadata: {name: shop}
spec: {matches: [{path: {value: /shop}}], serviceRef: {name: shop}}
"""
NEW = """
apiVersion: isthmus.dev/v1
kind: CorsPolicy
metadata: {name: shop}
spec: {targetRefs: [{kind: Route, name: shop}], allowOrigins: ["https://shop.example"]}
---
apiVersion: isthmus.dev/v1
kind: Route
metadata: {name: away}
spec: {matches: [{path: {value: /away}}], redirect: {hostname: shop.example}}
"""


def test_what_all_releases_can_read_is_fine(api: ServedApi, isthmus: Isthmus) -> None:
    assert isthmus("apply", "-f", "-", stdin=OLD).status == 0
    ran = isthmus("downgrade-check", "--schema-version", "1")
    assert (ran.status, ran.lines) == (0, ["a release of schema version 1 can read everything"])


def test_newer_kinds_and_fields_are_named(api: ServedApi, isthmus: Isthmus) -> None:
    ran = isthmus("apply", "-f", "-", stdin=f"{OLD}---{NEW}")
    assert ran.status == 0, ran
    ran = isthmus("downgrade-check", "--schema-version", "1")
    assert ran.status == 8
    assert ran.lines == [
        "RESOURCE USES",
        "default/Route/away Route.spec.redirect",
        "default/CorsPolicy/shop CorsPolicy",
    ]
    found = json.loads(isthmus("downgrade-check", "--schema-version", "1", "-o", "json").out)
    assert [each["resource"] for each in found["items"]] == ["default/Route/away", "default/CorsPolicy/shop"]
    assert isthmus("downgrade-check", "--schema-version", "2").status == 0


def test_a_version_that_is_not_known_is_refused(api: ServedApi, isthmus: Isthmus) -> None:
    assert isthmus("downgrade-check", "--schema-version", "999").status == 2
