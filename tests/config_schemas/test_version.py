"""What an older replica cannot know is left out, and nothing else."""

import json

import pytest

from config_schemas.registry import KINDS
from config_schemas.version import SCHEMA_VERSION, SINCE, document_version, newer_names, restrict

TABLE = {"CachePolicy": 2, "Route.spec.rules.mirror": 2, "Route.spec.owner": 3}
ROUTE = {"kind": "Route", "spec": {"owner": "a", "rules": [{"path": "/", "mirror": "m"}, {"path": "/b"}]}}


def encoded(document: object) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    ("version", "spec"),
    [
        (1, {"rules": [{"path": "/"}, {"path": "/b"}]}),
        (2, {"rules": [{"path": "/", "mirror": "m"}, {"path": "/b"}]}),
        (3, ROUTE["spec"]),
    ],
)
def test_newer_fields_are_left_out(version: int, spec: object) -> None:
    assert restrict("Route", encoded(ROUTE), version, TABLE) == encoded({"kind": "Route", "spec": spec})


def test_what_says_a_newer_word_is_left_out_whole() -> None:
    words = {"Route.spec.rules.type=Fast": 2}
    route = {"kind": "Route", "spec": {"rules": [{"type": "Slow"}, {"type": "Fast"}]}}
    assert restrict("Route", encoded(route), 1, words) is None
    assert restrict("Route", encoded(route), 2, words) == encoded(route)
    older = {"kind": "Route", "spec": {"rules": [{"type": "Slow"}, {"type": ["Faster"]}]}}
    assert restrict("Route", encoded(older), 1, words) == encoded(older)
    assert (document_version(route, words), document_version(older, words)) == (2, 1)


def test_a_newer_kind_is_left_out_whole() -> None:
    assert restrict("CachePolicy", b"{}", 1, TABLE) is None
    assert restrict("CachePolicy", b"{}", 2, TABLE) == b"{}"


@pytest.mark.parametrize("payload", [b"not json", b"[]", b'{"spec":7}', b'{"spec":{"rules":{"mirror":1}}}'])
def test_documents_of_another_shape_do_no_harm(payload: bytes) -> None:
    assert restrict("Route", payload, 1, TABLE) is not None


@pytest.mark.parametrize(
    ("document", "version"),
    [
        (ROUTE, 3),
        ({"kind": "Route", "spec": {"rules": [{"mirror": None}]}}, 2),
        ({"kind": "Route", "spec": {"rules": [{}]}}, 1),
        ({"kind": "CachePolicy"}, 2),
        ({"kind": "Model", "spec": {"owner": "a"}}, 1),
    ],
)
def test_a_document_needs_the_version_of_its_newest_part(document: dict[str, object], version: int) -> None:
    assert document_version(document, TABLE) == version


def test_kinds_that_begin_alike_are_told_apart() -> None:
    assert newer_names("Rout", 1, TABLE) == ()


def test_the_table_names_kinds_that_exist_and_versions_after_the_first() -> None:
    assert all(name.partition(".")[0] in KINDS and 1 < added <= SCHEMA_VERSION for name, added in SINCE.items())
