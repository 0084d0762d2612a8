"""Ids that only one tenant can use."""

from pytest import mark, raises

from data_plane.providers.sealed_id import IdSealer, Kept

SECRET, OTHER = "s" * 32, "t" * 40
KEPT = Kept("default/openai", "file-abc123")


@mark.parametrize("id", ["file-abc123", "batch_1", "msgbatch_01", "resp_x", "chatcmpl-9", "0193-uuid", "é", "x" * 200])
def test_an_id_opens_as_it_was(id: str) -> None:
    sealer, kept = IdSealer([SECRET]), Kept("default/openai", id)

    sealed = sealer.seal("default", kept)

    assert sealer.open("default", sealed) == kept
    assert id not in sealed and "openai" not in sealed
    assert sealed.isascii() and not set(sealed) & set('/?#%"\\ .')


def test_the_prefix_says_what_it_is() -> None:
    assert IdSealer([SECRET]).seal("default", KEPT).startswith("file-isthmus1_")


def test_the_same_id_always_reads_alike() -> None:
    assert IdSealer([SECRET]).seal("a", KEPT) == IdSealer([SECRET, OTHER]).seal("a", KEPT)


def test_another_tenant_s_does_not_open() -> None:
    sealer = IdSealer([SECRET])

    assert sealer.open("other", sealer.seal("default", KEPT)) is None


def test_after_a_change_of_keys_both_open() -> None:
    before, after = IdSealer([SECRET]), IdSealer([OTHER, SECRET])

    assert after.open("a", before.seal("a", KEPT)) == after.open("a", after.seal("a", KEPT)) == KEPT
    assert before.open("a", after.seal("a", KEPT)) is None


def test_whatever_is_changed_does_not_open() -> None:
    sealer = IdSealer([SECRET])
    sealed = sealer.seal("default", KEPT)
    for at in range(sealed.index("1_") + 2, len(sealed) - 1):
        other = "A" if sealed[at] != "A" else "B"
        assert sealer.open("default", sealed[:at] + other + sealed[at + 1 :]) is None


@mark.parametrize("text", ["", "file-abc123", "file-isthmus1_", "file-isthmus1_AAAA", "isthmus1_é", "x" * 5000])
def test_what_is_none_of_ours_does_not_open(text: str) -> None:
    assert IdSealer([SECRET]).open("default", text) is None


@mark.parametrize("secrets", [[], ["short"], [SECRET, "short"]])
def test_secrets_that_could_be_guessed_are_refused(secrets: list[str]) -> None:
    with raises(ValueError, match="32 characters"):
        IdSealer(secrets)


def test_no_secret_is_shown() -> None:
    sealer = IdSealer([SECRET])
    sealer.seal("a", KEPT)

    assert SECRET not in repr(sealer)
