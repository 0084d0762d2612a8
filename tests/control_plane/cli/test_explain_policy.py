"""`explain-policy` against the API."""

import json

from tests.fakes.served_api import Isthmus, ServedApi

SET = """
apiVersion: isthmus.dev/v1
kind: Application
metadata: {name: shop}
---
apiVersion: isthmus.dev/v1
kind: TimeoutPolicy
metadata: {name: wide}
spec: {targetRefs: [{kind: Tenant, name: default}], requestSeconds: 60}
---
apiVersion: isthmus.dev/v1
kind: TimeoutPolicy
metadata: {name: narrow}
spec: {targetRefs: [{kind: Application, name: shop}], requestSeconds: 5}
"""


def test_what_is_in_force_and_what_lost_and_why(api: ServedApi, isthmus: Isthmus) -> None:
    isthmus("apply", "-f", "-", stdin=SET)
    ran = isthmus("explain-policy", "--application", "shop", "--gateway", "default")
    assert ran.lines == [
        "KIND POLICY THROUGH EFFECT WHY",
        "TimeoutPolicy default/TimeoutPolicy/narrow Application in force wins",
        "TimeoutPolicy default/TimeoutPolicy/wide Tenant lost to default/TimeoutPolicy/narrow "
        "Application is narrower than Tenant",
    ]
    items = json.loads(isthmus("explain-policy", "-a", "shop", "-o", "json").out)["items"]
    assert [item["effective"] for item in items] == [True, False]


def test_without_a_policy_it_says_so(api: ServedApi, isthmus: Isthmus) -> None:
    ran = isthmus("explain-policy")
    assert (ran.status, ran.out, ran.err) == (0, "", "no policy reaches this request\n")


def test_what_is_named_must_exist_and_make_sense(api: ServedApi, isthmus: Isthmus) -> None:
    assert isthmus("explain-policy", "--route", "none").status == 4
    assert isthmus("explain-policy", "--version", "v1").status == 2


NETWORKS = """
apiVersion: isthmus.dev/v1
kind: Application
metadata: {name: shop}
---
apiVersion: isthmus.dev/v1
kind: AddressPolicy
metadata: {name: office}
spec: {targetRefs: [{kind: Application, name: shop}], allow: [203.0.113.0/24]}
---
apiVersion: isthmus.dev/v1
kind: AddressPolicy
metadata: {name: blocked}
spec: {targetRefs: [{kind: Tenant, name: default}], deny: [198.51.100.0/24]}
---
apiVersion: isthmus.dev/v1
kind: AddressPolicy
metadata: {name: tried}
spec: {mode: Shadow, targetRefs: [{kind: Tenant, name: default}], deny: [192.0.2.1]}
"""


def test_all_address_policies_are_in_force_together(api: ServedApi, isthmus: Isthmus) -> None:
    isthmus("apply", "-f", "-", stdin=NETWORKS)

    assert isthmus("explain-policy", "--application", "shop").lines == [
        "KIND POLICY THROUGH EFFECT WHY",
        "AddressPolicy default/AddressPolicy/office Application in force applies, as all of its kind do",
        "AddressPolicy default/AddressPolicy/blocked Tenant in force applies, as all of its kind do",
        "AddressPolicy default/AddressPolicy/tried Tenant not in force shadow: it would apply",
    ]
