"""What an answer depends on."""

from pytest import mark

from data_plane.pipeline.vary import add_vary


@mark.parametrize(
    "headers, values",
    [
        ([], [b"Origin"]),
        ([(b"vary", b"Accept")], [b"Accept", b"Origin"]),
        ([(b"vary", b"Accept, ORIGIN")], [b"Accept, ORIGIN"]),
        ([(b"vary", b"Accept"), (b"vary", b"*")], [b"Accept", b"*"]),
        ([(b"vary", b"X-Origin")], [b"X-Origin", b"Origin"]),
    ],
)
def test_a_name_is_added_once(headers: list[tuple[bytes, bytes]], values: list[bytes]) -> None:
    add_vary(headers, b"Origin")

    assert [value for name, value in headers if name == b"vary"] == values
