"""Credentials as compact rows."""

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from data_plane.identity.credential_table import Credential, CredentialTable

NAMES = st.text(max_size=10).filter(lambda name: "\0" not in name)


def row(name: str = "a") -> Credential:
    return Credential("default", name, "app")


def digest(key: str) -> bytes:
    return sha256(key.encode()).digest()


@given(
    st.builds(Credential, NAMES, NAMES, NAMES, st.floats(allow_nan=False), st.lists(st.tuples(NAMES, NAMES)).map(tuple))
)
def test_a_row_unpacks_to_what_was_packed(credential: Credential) -> None:
    assert Credential.unpack(credential.pack()) == credential


def test_an_edit_leaves_the_table_that_it_came_from() -> None:
    edit = CredentialTable.empty().edit()
    assert edit.put("p/a", digest("a"), row("a"))
    before = edit.finish()

    edit = before.edit()
    edit.remove("p/a")
    edit.remove("p/nobody")
    assert edit.put("p/b", digest("b"), row("b"))
    after = edit.finish()

    assert (before.find(digest("a")), before.find(digest("b"))) == (row("a").pack(), None)
    assert (after.find(digest("a")), after.find(digest("b"))) == (None, row("b").pack())
    assert (len(before), len(after)) == (1, 1)
    assert before != after


def test_one_key_has_one_owner() -> None:
    edit = CredentialTable.empty().edit()

    assert edit.put("p/a", digest("a"), row("a"))
    assert not edit.put("p/b", digest("a"), row("b"))
    edit.remove("p/a")
    assert edit.put("p/b", digest("a"), row("b"))


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20) | st.none()), max_size=60))
def test_a_table_is_a_map_with_one_owner_for_each_key(edits: list[tuple[int, int | None]]) -> None:
    owners: dict[int, int] = {}
    table = CredentialTable.empty()
    for path, key in edits:
        edit = table.edit()
        edit.remove(str(path))
        owners.pop(path, None)
        if key is not None:
            added = edit.put(str(path), digest(str(key)), row(str(path)))
            assert added == (key not in owners.values())
            if added:
                owners[path] = key
        table = edit.finish()

    assert dict(table.rows()) == {digest(str(key)): row(str(path)).pack() for path, key in owners.items()}
