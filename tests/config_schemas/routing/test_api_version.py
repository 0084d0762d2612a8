"""What admission takes for the versions of a Service's API."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from config_schemas.routing.service import Service

BY_PATH = {"by": "Path"}
SOONER, LATER = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


def service(versions: list[dict[str, Any]], versioning: dict[str, Any] | None = None) -> Service:
    spec: dict[str, Any] = {"endpoints": [{"host": "h", "port": 80}], "versions": versions}
    if versioning is not None:
        spec["versioning"] = versioning
    document = {"apiVersion": "isthmus.dev/v1", "kind": "Service", "metadata": {"name": "s"}, "spec": spec}
    return Service.model_validate_json(json.dumps(document))


@pytest.mark.parametrize(
    ("versions", "versioning"),
    [
        ([], None),
        ([{"name": "2026-11-24"}], {"by": "Header", "name": "x-version", "default": "2026-11-24"}),
        ([{"name": "v1", "stage": "Retired", "successor": "v2"}, {"name": "v2"}], {**BY_PATH, "prefix": "/api"}),
        ([{"name": "v1", "sunsetAt": "2027-01-01T00:00:00Z"}], {"by": "Query", "name": "apiVersion"}),
    ],
)
def test_versions_that_can_be_told_apart(versions: list[dict[str, Any]], versioning: dict[str, Any] | None) -> None:
    assert len(service(versions, versioning).spec.versions) == len(versions)


@pytest.mark.parametrize(
    ("version", "versioning", "message"),
    [
        ({}, None, "`versions` and `versioning` need each other"),
        ({"stage": "Deprecated"}, BY_PATH, "`deprecatedAt` is required with `stage: Deprecated`"),
        ({"deprecatedAt": "2026-01-01T00:00:00Z"}, BY_PATH, "needs `stage: Deprecated` or `Retired`"),
        ({"stage": "Retired", "deprecatedAt": LATER, "sunsetAt": SOONER}, BY_PATH, "must not lie before"),
        ({"successor": "v1"}, BY_PATH, "`successor` of 'v1' must be another one of 'v1', 'v2'"),
        ({"successor": "v3"}, BY_PATH, "`successor` of 'v1' must be another one of 'v1', 'v2'"),
        ({"name": "v2"}, BY_PATH, "`versions` has 'v2' more than once"),
        ({"endpoints": [{"host": "h", "port": 80, "weight": 0}]}, BY_PATH, "must have a weight above 0"),
        ({"links": [{"rel": "sunset", "href": "javascript:a"}]}, BY_PATH, "should match pattern"),
        ({"links": [{"rel": "sunset", "href": "https://a>;rel=b"}]}, BY_PATH, "should match pattern"),
        ({}, {**BY_PATH, "name": "x"}, "`name` is required with `by: Header` and `by: Query`, and only there"),
        ({}, {"by": "Header"}, "`name` is required with `by: Header` and `by: Query`, and only there"),
        ({}, {"by": "Header", "name": "host"}, "'host' says something else already"),
        ({}, {"by": "Header", "name": "x-api-key"}, "'x-api-key' says something else already"),
        ({}, {"by": "Query", "name": "key"}, "'key' says something else already"),
        ({}, {"by": "Header", "name": "X-Version"}, "`name` of a header must be lowercase"),
        ({}, {"by": "Header", "name": "x-a", "prefix": "/a"}, "`prefix` needs `by: Path`"),
        ({}, {**BY_PATH, "onUnknown": "Default"}, "`default` is required with `onUnknown: Default`"),
        ({}, {**BY_PATH, "default": "v3"}, "`versioning.default` must be one of 'v1', 'v2'"),
        ({"stage": "Retired"}, {**BY_PATH, "default": "v1"}, "`versioning.default` must be one of 'v2'"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(version: dict[str, Any], versioning: dict[str, Any] | None, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        service([{"name": "v1", **version}, {"name": "v2"}], versioning)
    assert message in str(caught.value)


def test_versioning_alone_is_refused() -> None:
    with pytest.raises(ValidationError, match="need each other"):
        service([], BY_PATH)
