"""The content hash depends on what is in a set, and on nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from config_schemas.digest import BUCKETS, EMPTY_CONTENT_HASH, ContentDigest, bucket_of, content_hash, resource_digest

PATHS = st.sampled_from([f"t/Kind/n{number}" for number in range(6)])
CHANGES = st.lists(st.tuples(PATHS, st.one_of(st.none(), st.sampled_from([b"1", b"2"]))), max_size=20)


def made_of(resources: dict[str, bytes]) -> ContentDigest:
    digest = ContentDigest()
    for path, payload in resources.items():
        digest.put(path, resource_digest(path, payload))
    return digest


@given(CHANGES, CHANGES)
def test_any_history_of_the_same_set_gives_the_same_hash(
    first: list[tuple[str, bytes | None]], then: list[tuple[str, bytes | None]]
) -> None:
    digest, resources = ContentDigest(), dict[str, bytes]()
    for path, payload in first:
        if payload is None:
            digest.remove(path)
            resources.pop(path, None)
        else:
            digest.put(path, resource_digest(path, payload))
            resources[path] = payload
        assert digest.content_hash() == made_of(resources).content_hash()
    last = dict(then)
    expected = digest.hash_after({path: payload and resource_digest(path, payload) for path, payload in last.items()})
    after = {path: payload for path, payload in (resources | last).items() if payload is not None}
    assert expected == made_of(after).content_hash()
    assert digest.content_hash() == made_of(resources).content_hash(), "a preview changes nothing"


def test_different_sets_have_different_hashes() -> None:
    sets: list[dict[str, bytes]] = [{}, {"a": b"1"}, {"a": b"2"}, {"b": b"1"}, {"a": b"1", "b": b"1"}]
    assert len({made_of(resources).content_hash() for resources in sets}) == len(sets)


def test_path_and_payload_are_told_apart() -> None:
    assert resource_digest("a", b"bc") != resource_digest("ab", b"c")


def test_the_empty_set_has_a_known_hash() -> None:
    assert ContentDigest().content_hash() == EMPTY_CONTENT_HASH == content_hash(ContentDigest().bucket_digests())


def test_a_bucket_lists_its_paths() -> None:
    digest = made_of({"a": b"1", "b": b"1"})
    assert list(digest.paths_in(bucket_of("a"))) == ["a"]
    assert sum(len(list(digest.paths_in(bucket))) for bucket in range(BUCKETS)) == 2


def test_paths_spread_over_the_buckets() -> None:
    used = {bucket_of(f"acme/Credential/c{number}") for number in range(10_000)}
    assert len(used) == BUCKETS
