"""Which files of a pod are read and sent."""

import os
from pathlib import Path

from pytest import mark, param, raises

from data_plane.providers.identity_file import MAX_FILE_BYTES, read_file, read_identity_token, read_small_file
from data_plane.providers.token import TokenFailure

TOKEN = "eyJh.eyJz-_.c2ln"


@mark.parametrize("text", [TOKEN, f"{TOKEN}\n", f" {TOKEN}\r\n"])
def test_a_token_is_read_without_the_white_space_around_it(text: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(text)

    assert read_identity_token(str(tmp_path / "token")) == TOKEN


@mark.parametrize(
    "content",
    [
        param(b"", id="nothing"),
        param(b"root:x:0:0:root:/:/bin/sh\n", id="another file"),
        param(b"-----BEGIN PRIVATE KEY-----\nhunter2\n", id="a key"),
        param(b"a.b", id="two parts"),
        param(b"a.b.c.d", id="four parts"),
        param(b"a.b.\xff", id="no text"),
        param(b"a.b." + b"c" * MAX_FILE_BYTES, id="too much"),
    ],
)
def test_what_is_no_json_web_token_is_not_sent(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(content)

    with raises(TokenFailure) as caught:
        read_identity_token(str(tmp_path / "token"))

    assert "hunter2" not in str(caught.value)


def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero"), tmp_path / "missing"):
        with raises(TokenFailure):
            read_file(str(path))


def test_why_a_file_cannot_be_read_is_said(tmp_path: Path) -> None:
    with raises(TokenFailure, match=r"missing' cannot be read: No such file"):
        read_small_file(str(tmp_path / "missing"))
    with raises(TokenFailure, match="its path is none"):
        read_small_file("a\0b")


def test_text_with_lines_in_it_cannot_be_sent(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a\nb")

    with raises(TokenFailure, match="nothing that can be sent"):
        read_small_file(str(tmp_path / "token"))
