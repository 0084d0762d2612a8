"""From documents to resources, and every error in plain words."""

from typing import Any, get_args

import pytest

from config_schemas.canonical import resource_path
from config_schemas.routing.provider import ProviderTypeName
from control_plane.admission.validate import Defaults, parse_document
from control_plane.errors import Invalid
from tests.fakes.control_plane import document, model, provider

NOWHERE = Defaults()
HERE = Defaults("Team", "default", "a")
NAME = "must be lowercase letters, digits, '-' and '.', with a letter or digit first and last"
KINDS = (
    "must be one of 'Tenant', 'Secret', 'Gateway', 'Team', 'Service', 'Provider', 'CatalogEntry', 'Model', "
    "'Application', 'Credential', 'Route', 'TimeoutPolicy', 'HeaderPolicy', 'AddressPolicy', 'CorsPolicy', "
    "'ValidationPolicy', 'StreamPolicy'"
)
PRICES = [{"perMillionTokens": {"output": "cheap"}}]
TYPES = f"must be one of {', '.join(map(repr, get_args(ProviderTypeName)))}"


def errors(document: dict[str, Any], defaults: Defaults = NOWHERE) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        parse_document(document, defaults=defaults)
    return [(error.path, error.message) for error in caught.value.field_errors]


@pytest.mark.parametrize(
    ("given", "defaults", "path"),
    [
        (document("Team", "a"), NOWHERE, "default/Team/a"),
        ({"apiVersion": "isthmus.dev/v1", "kind": "Team", "metadata": {"name": "a"}}, NOWHERE, "default/Team/a"),
        (
            {"apiVersion": "isthmus.dev/v1", "kind": "Tenant", "metadata": {"name": "a"}},
            Defaults(),
            "platform/Tenant/a",
        ),
        ({}, HERE, "default/Team/a"),
        ({**document("Team", "a", createdAt="x", revision="x", generation=[]), "status": 1}, HERE, "default/Team/a"),
    ],
)
def test_what_the_address_or_the_kind_says_need_not_be_written(
    given: dict[str, Any], defaults: Defaults, path: str
) -> None:
    resource = parse_document(given, defaults=defaults)
    assert (resource_path(resource), resource.metadata.generation, resource.metadata.revision) == (path, 0, 0)


@pytest.mark.parametrize(
    ("given", "defaults", "expected"),
    [
        (document("Modell", "a"), NOWHERE, [("kind", KINDS)]),
        ({**document("Team", "a"), "kind": ["Team"]}, NOWHERE, [("kind", KINDS)]),
        ({**document("Team", "a"), "apiVersion": "v1"}, HERE, [("apiVersion", "must be 'isthmus.dev/v1'")]),
        ({"kind": "Team"}, NOWHERE, [("apiVersion", "must be 'isthmus.dev/v1'")]),
        (document("Model", "a"), HERE, [("kind", "must be 'Team' at this address")]),
        (document("Team", "b"), HERE, [("metadata.name", "must be 'a' at this address")]),
        (document("Team", "a", tenant="acme"), HERE, [("metadata.tenant", "must be 'default' at this address")]),
        (document("Team", "_a"), NOWHERE, [("metadata.name", NAME)]),
        (document("Team", "a", tenant="_history"), NOWHERE, [("metadata.tenant", NAME)]),
        (document("Gateway", "a", tenant="x"), NOWHERE, [("metadata.tenant", "must be 'platform' for a Gateway")]),
        (document("Tenant", "platform"), NOWHERE,
         [("metadata.name", "must not be 'platform', which is always there")]),
        ({**document("Team", "a"), "metadata": []}, NOWHERE, [("metadata", "must be an object")]),
        ({**document("Team", "a"), "spec": 3}, NOWHERE, [("spec", "must be an object")]),
        ({**document("Team", "a"), "spec": None}, NOWHERE, [("spec", "must be an object")]),
        (document("Team", "a" * 64), NOWHERE, [("metadata.name", "must have at most 63 characters")]),
        (document("Team", "a", labels={"b c": "x"}), NOWHERE, [('metadata.labels["b c"]',
         "has a key that must be letters, digits, '-', '_', '.' and '/', with a letter or digit first and last")]),
        (document("Team", "a", labels={"b": 1}), NOWHERE, [("metadata.labels.b", "must be text")]),
        (document("Team", "a", {"displayname": ""}), NOWHERE,
         [("spec.displayname", "is not known; allowed are `displayName`")]),
        (document("Team", "a", {"display_name": ""}), NOWHERE,
         [("spec.display_name", "is not known; allowed are `displayName`")]),
        (
            document("CatalogEntry", "a", spec={"model": {"value": "m"}, "pricing": "Own", "prices": PRICES}),
            NOWHERE,
            [
                (
                    "spec.prices[0].perMillionTokens.output",
                    "must be an amount of USD such as '0.25', with at most 9 decimal places",
                )
            ],
        ),
        (provider(type="openai"), NOWHERE, [("spec.type",
         TYPES)]),
        (provider(baseUrl="ftp://x"), NOWHERE, [("spec.baseUrl",
         "must be an 'http://' or 'https://' address, without query or login")]),
        (model(versions=[]), NOWHERE, [("spec.versions", "must have at least 1 entries")]),
        (model(versions={}), NOWHERE, [("spec.versions", "must be a list")]),
        (model(versions=[{"name": "a", "weight": 1001, "targets": [{"providerRef": {"name": "p", "x": 1}}]}]), NOWHERE,
         [("spec.versions[0].weight", "must be at most 1000"),
          ("spec.versions[0].targets[0].providerRef.x", "is not known; allowed are `name`, `tenant`")]),
        (model(versions=[{"name": "a", "weight": 1.5, "targets": [{}]}]), NOWHERE,
         [("spec.versions[0].weight", "must be a whole number"),
          ("spec.versions[0].targets[0].providerRef", "is required")]),
        (model(stickiness={"by": "Header"}), NOWHERE,
         [("spec.stickiness", "`header` is required with `by: Header`, and only there")]),
        (document("TimeoutPolicy", "a", {"targetRefs": [{"kind": "Route", "name": "r"}], "requestSeconds": 0}), NOWHERE,
         [("spec.requestSeconds", "must be at least 1")]),
        (document("Credential", "a", {"applicationRef": {"name": "a"}, "hash": "x", "expiresAt": "soon"}), NOWHERE,
         [("spec.hash", "must be 'sha256:' and 64 hexadecimal digits"),
          ("spec.expiresAt", "must be a time in UTC such as '2027-01-31T12:00:00Z'")]),
    ],
)  # fmt: skip
def test_each_error_names_its_field_and_what_is_allowed(
    given: dict[str, Any], defaults: Defaults, expected: list[tuple[str, str]]
) -> None:
    assert errors(given, defaults) == expected


def test_the_sentence_names_the_resource_its_first_error_and_how_many_more() -> None:
    with pytest.raises(Invalid, match=r"Team 'B': `metadata.name` must be lowercase .* \(and 1 more\)"):
        parse_document(document("Team", "B", {"x": 1}))


def test_no_error_tells_a_secret() -> None:
    given = document("Secret", "a", {"data": {"k": ["sk-plain"], "b c": "sk-plain"}, "x": "sk-plain"})
    with pytest.raises(Invalid) as caught:
        parse_document(given)
    assert "sk-plain" not in f"{caught.value!r} {caught.value.field_errors}"
