"""Tokens of the pod that its platform keeps current in a file."""

import os
import re
import stat

from data_plane.providers.key_line import can_be_sent
from data_plane.providers.token import TokenFailure

MAX_FILE_BYTES = 16 * 1024
TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")  # RFC 7515, compact


def read_identity_token(path: str) -> str:
    """A JSON Web Token: whatever else the file may be is not sent to anybody.

    Raises:
        TokenFailure: there is no such file, or no token in it.
    """
    token = read_small_file(path)
    if not TOKEN.fullmatch(token):
        raise TokenFailure(f"the file '{path}' holds no JSON Web Token")
    return token


def read_small_file(path: str) -> str:
    """The text, without white space around it.

    Raises:
        TokenFailure: it is not there, or is not text that a header can carry.
    """
    text = read_file(path).decode(errors="replace").strip()
    if not text or not can_be_sent(text):
        raise TokenFailure(f"the file '{path}' holds nothing that can be sent")
    return text


def read_file(path: str) -> bytes:
    """
    Raises:
        TokenFailure: it is not there, or is no small file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe must not hold the loop
        with open(descriptor, "rb") as file:
            is_regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
            content = file.read(MAX_FILE_BYTES + 1) if is_regular else b""
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "its path is none"
        raise TokenFailure(f"the file '{path}' cannot be read: {reason}") from None
    if not is_regular or len(content) > MAX_FILE_BYTES:
        raise TokenFailure(f"'{path}' is no file of at most {MAX_FILE_BYTES} bytes")
    return content
