"""What a base URL may be."""

from pytest import mark, raises

from data_plane.providers.base_url import BaseUrl


@mark.parametrize("url", ["", "ftp://h", "https://", "http://h:0x1", "http://h:70000", "https://ä.example"])
def test_what_is_no_base_url_is_refused(url: str) -> None:
    with raises(ValueError):
        BaseUrl.parse(url)
