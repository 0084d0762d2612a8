"""How keys and tokens are written: `<prefix>_<id>_<secret>`, in letters and digits.

An API key (`isk_`) and an admin token (`isa_`) have 256 random bits and a checksum, so that a scanner for leaked
secrets, and whoever mistypes one, can tell without asking.
"""

import hashlib
import re
import secrets
import string
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
SECRET_CHARACTERS = 43  # 62**43 > 2**256
CHECKSUM_CHARACTERS = 6  # 62**6 > 2**32
ID_BYTES = 8
TEXT = re.compile(rf"(isk|isa)_([0-9a-f]{{{2 * ID_BYTES}}})_([0-9A-Za-z]{{{SECRET_CHARACTERS + CHECKSUM_CHARACTERS}}})")

RandomBytes = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class MintedText:
    """A new key or token. `text` is shown once and kept nowhere."""

    id: str
    text: str = field(repr=False)

    @property
    def hash(self) -> str:
        return hash_of(self.text)


def mint(prefix: str, random_bytes: RandomBytes = secrets.token_bytes) -> MintedText:
    """A new one; `prefix` is `isk` or `isa`."""
    id = random_bytes(ID_BYTES).hex()
    start = f"{prefix}_{id}_{_letters(int.from_bytes(random_bytes(32), 'big'), SECRET_CHARACTERS)}"
    return MintedText(id, start + _checksum(start))


def find_id(prefix: str, text: str) -> str | None:
    """The id in a well-formed key or token; None: it is not one, or mistyped."""
    match = TEXT.fullmatch(text)
    if match is None or match[1] != prefix:
        return None
    start, checksum = text[:-CHECKSUM_CHARACTERS], text[-CHECKSUM_CHARACTERS:]
    return match[2] if checksum == _checksum(start) else None


def hash_of(text: str) -> str:
    """What is stored instead. 256 random bits need no slow hash."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _checksum(start: str) -> str:
    return _letters(zlib.crc32(start.encode()), CHECKSUM_CHARACTERS)


def _letters(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))
