"""The accepted set and its hash."""

from config_schemas.digest import bucket_of
from data_plane.config.resource_set import Payload, Position, ResourceSet


def test_changes_show_in_payloads_hash_and_position() -> None:
    resources = ResourceSet()
    empty = resources.content_hash
    changes = {"a": Payload.of("a", b"1"), "b": Payload.of("b", b"2")}
    promised = resources.hash_after(changes)
    assert (resources.payloads, resources.position) == ({}, Position())
    resources.apply(changes, Position("e", 3))
    assert (dict(resources.payloads), resources.position) == ({"a": b"1", "b": b"2"}, Position("e", 3))
    assert resources.content_hash == promised
    assert resources.paths_in([bucket_of("a")]) == {"a"}
    resources.apply({"a": None, "b": None, "never": None}, Position("e", 4))
    assert (dict(resources.payloads), resources.content_hash) == ({}, empty)
