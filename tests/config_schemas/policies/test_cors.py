"""What admission takes for a CorsPolicy."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from config_schemas.policies.cors import CorsPolicy


def policy(**spec: Any) -> CorsPolicy:
    whole = {"targetRefs": [{"kind": "Route", "name": "r"}], "allowOrigins": ["https://a.example"], **spec}
    if "selector" in whole:
        del whole["targetRefs"]
    document = {"apiVersion": "isthmus.dev/v1", "kind": "CorsPolicy", "metadata": {"name": "p"}, "spec": whole}
    return CorsPolicy.model_validate_json(json.dumps(document))


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "https://a.example",
        "http://localhost:5173",
        "https://*.a.example:8443",
        "http://[::1]:8080",
        "capacitor://localhost",
    ],
)
def test_origins_as_browsers_write_them(origin: str) -> None:
    assert policy(allowOrigins=[origin]).spec.allow_origins == (origin,)


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "a.example",
        "https://a.example/",
        "https://A.example",
        "https://*",
        "https://a.*.example",
        "https://*a.example",
    ],
)
def test_what_is_no_origin_is_refused(origin: str) -> None:
    with pytest.raises(ValidationError, match="should match pattern"):
        policy(allowOrigins=[origin])


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"allowOrigins": ["*"], "allowCredentials": "Allow"}, "'*' would let in all pages"),
        ({"exposeHeaders": ["*"], "allowCredentials": "Allow"}, "browsers ignore '*' there"),
        ({"allowOrigins": ["*", "https://a.example"]}, "`allowOrigins`: '*' stands for all, and must stand alone"),
        ({"allowHeaders": ["*", "x-a"]}, "`allowHeaders`: '*' stands for all, and must stand alone"),
        ({"allowOrigins": ["https://a.example:443"]}, "browsers leave out the usual port"),
        ({"allowOrigins": []}, "at least 1 item"),
        ({"allowMethods": ["TRACE"]}, "Input should be"),
        ({"maxAgeSeconds": 90000}, "less than or equal to 86400"),
        ({"targetRefs": [{"kind": "Application", "name": "a"}]}, "a CorsPolicy cannot target Application"),
        ({"selector": {"kind": "Credential"}}, "it can target Gateway, Tenant, Route, Service"),
        ({"targetRefs": [{"kind": "Model", "name": "a"}]}, "names neither caller nor model"),
        ({"targetRefs": [{"kind": "Service", "name": "a", "sectionName": "v1"}]}, "as a whole"),
    ],
)
def test_what_is_unsafe_or_of_no_effect_is_refused(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        policy(**spec)
    assert message in str(caught.value)
