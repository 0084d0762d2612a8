"""A change gives what compiling everything anew would give."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.gateway import Gateway
from tests.fakes.resources import documents, stored

EDITS = st.lists(
    st.tuples(st.lists(documents(), max_size=6), st.lists(st.integers(0, 50), max_size=3)), min_size=1, max_size=8
)


@given(EDITS)
@settings(max_examples=300, deadline=None)
def test_full_and_incremental_compile_give_equal_snapshots(
    edits: list[tuple[list[dict[str, object]], list[int]]],
) -> None:
    gateway = Gateway({})
    for documents_, doomed in edits:
        changed = dict(stored(document) for document in documents_)
        known = sorted(gateway.resources)
        removed = sorted({known[number % len(known)] for number in doomed if known} - set(changed))
        before = gateway.snapshot

        compiled = gateway.apply(changed, removed)

        if compiled.snapshot is None:
            assert compiled.rejections
            assert gateway.snapshot is before
        anew = Gateway(gateway.resources)
        assert gateway.snapshot.sources == anew.snapshot.sources


@given(st.lists(documents(), min_size=1, max_size=12))
@settings(max_examples=50, deadline=None)
def test_a_compile_dropped_halfway_has_no_effect(documents_: list[dict[str, object]]) -> None:
    gateway, changed = Gateway({}), dict(map(stored, documents_))
    untouched = Gateway({}).apply(changed)

    slices = gateway.compiler.compile(changed, [], 2)
    next(slices, None)
    slices.close()

    again = gateway.apply(changed)
    assert again.rejections == untouched.rejections
    if again.snapshot is not None and untouched.snapshot is not None:
        assert again.snapshot.sources == untouched.snapshot.sources
