"""One path for every spelling; nothing that two servers may read differently."""

import re
from random import Random

import pytest

from data_plane.errors import BadRequest
from data_plane.ingress.canonical_path import canonicalize

READ = {
    b"/": b"/",
    b"/v1/chat/completions": b"/v1/chat/completions",
    b"/a/": b"/a/",
    b"/a.b/..c/...": b"/a.b/..c/...",
    b"/.well-known/x": b"/.well-known/x",
    b"/v1beta/models/gemini-pro:generateContent": b"/v1beta/models/gemini-pro:generateContent",
    b"/a;b=c": b"/a;b=c",
    b"/%61%7E%2d": b"/a~-",
    b"/%c3%a9": b"/%C3%A9",
    b"/a%3ab%20": b"/a%3Ab%20",
    b"/100%25": b"/100%25",
    b'/{a}|"': b"/%7Ba%7D%7C%22",
    b"//a///b//": b"/a/b/",
    b"///": b"/",
    b"/a/./b/.": b"/a/b/",
    b"/a/../b": b"/b",
    b"/a/b/..": b"/a/",
    b"/a/..": b"/",
    b"/a/%2e%2E/b": b"/b",
    b"/a/.%2e/b": b"/b",
}
REFUSED = [
    b"",
    b"*",
    b"a",
    b"?a",
    b"/..",
    b"/a/../../b",
    b"/%2e%2e/a",
    b"/a%2fb",
    b"/a%5Cb",
    b"/a\\b",
    b"/a%00",
    b"/a%0d%0a",
    b"/a%7f",
    b"/a\x01",
    b"/a b",
    b"/a\xe9",
    b"/a#b",
    b"/a?b#c",
    b"/a?b\n",
    b"/%",
    b"/%4",
    b"/%zz",
    b"/%+1",
    b"/%252e%252e/a",
    b"/%25%32%65",
    b"/%2525",
    b"/%c0%ae%c0%ae/a",
    b"/%e0%80%af",
    b"/%ff",
    b"/%ed%a0%80",
    b"/a/..;/b",
    b"/a/..;x=1/b",
    b"/a/.;/b",
    b"/a/..%3b/b",
    b"/a/%2e%2e;/b",
    b"/a//../b",
    b"//..",
]


@pytest.mark.parametrize(("target", "path"), READ.items(), ids=[str(target) for target in READ])
def test_every_spelling_becomes_one_path(target: bytes, path: bytes) -> None:
    assert canonicalize(target) == (path, b"")


@pytest.mark.parametrize("target", REFUSED, ids=str)
def test_what_can_be_read_in_two_ways_is_refused(target: bytes) -> None:
    with pytest.raises(BadRequest):
        canonicalize(target)


def test_the_query_stays_as_it_was_sent() -> None:
    assert canonicalize(b"/a?b=%2e%2E//../&c=?d") == (b"/a", b"b=%2e%2E//../&c=?d")


PIECES = [b"/", b"/", b".", b"..", b"%2e", b"%2F", b"%61", b"%25", b"2e", b"%", b"a", b"B", b";", b"%3b", b"\\", b"{"]
PIECES += [b"%c3%a9", b"%C0%AE", b"%00", b"~", b":", b"?", b"#", b" ", b"\xff", b"%7e"]
CANONICAL = re.compile(rb"(?:/(?!\.\.?(?:[/;]|$))(?:[A-Za-z0-9._~:@!$&'()*+,;=-]|%[0-9A-F]{2})+)*/?")
# What may stay escaped: neither unreserved, nor a separator or control character, nor an escape's own '%'.
FORBIDDEN = re.compile(rb"%(?:[01].|2[DEF]|3\d|4[1-9A-F]|5[0-9AF]|5C|6[1-9A-F]|7[0-9AEF])|%25[0-9A-Fa-f]{2}")


@pytest.mark.parametrize("count", [20_000, pytest.param(2_000_000, marks=pytest.mark.long)])
def test_whatever_is_read_is_canonical_and_stays_so(count: int) -> None:
    random = Random(3)
    read = 0
    for _ in range(count):
        target = b"/" + b"".join(random.choices(PIECES, k=random.randint(0, 8)))
        try:
            path, query = canonicalize(target)
        except BadRequest:
            continue
        read += 1
        assert path and CANONICAL.fullmatch(path), (target, path)
        assert not FORBIDDEN.search(path), (target, path)
        assert canonicalize(path) == (path, b""), target
        assert query == target.partition(b"?")[2]
    assert read > count / 20
