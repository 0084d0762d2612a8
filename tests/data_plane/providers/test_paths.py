"""Request targets at providers."""

from pytest import mark

from data_plane.providers.paths import at, escaped, forwarded_query
from data_plane.providers.surface import Asked


@mark.parametrize(
    "query, wanted",
    [
        (b"", b""),
        (b"a=b&c", b"?a=b&c"),
        (b"alt=sse&key=isk_1", b"?alt=sse"),
        (b"key=isk_1", b""),
        (b"%6Bey=isk_1&%61=b", b"?%61=b"),
        (b"api-version=1&a=1", b"?a=1"),
        (b"api%2Dversion=1", b""),
        (b"monkey=1&keys=2", b"?monkey=1&keys=2"),
    ],
)
def test_neither_keys_nor_what_is_for_the_gateway_goes_on(query: bytes, wanted: bytes) -> None:
    assert forwarded_query(query) == wanted


@mark.parametrize(
    "model, wanted",
    [
        ("gemini-2.5-pro", b"gemini-2.5-pro"),
        ("a/b:c@d", b"a/b:c@d"),
        ("a b?c#d%e\\f", b"a%20b%3Fc%23d%25e%5Cf"),
        ("m\u00fcde", b"m%C3%BCde"),
    ],
)
def test_names_of_models_are_what_a_path_can_hold(model: str, wanted: bytes) -> None:
    assert escaped(model) == wanted


def test_a_path_is_the_same_for_all() -> None:
    assert at(b"/ours")(Asked("m", path=b"/theirs", query=b"a=b")) == b"/ours?a=b"
