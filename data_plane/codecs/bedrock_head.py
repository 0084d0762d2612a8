"""What Bedrock's InvokeModel tells in the head of an answer: of many models the tokens stand there alone.

Source: docs.aws.amazon.com/bedrock/latest/userguide/inference-invoke.html (2026-11).
"""

from collections.abc import Iterable

from data_plane.usage import Usage

INPUT, OUTPUT = b"x-amzn-bedrock-input-token-count", b"x-amzn-bedrock-output-token-count"
MAX_DIGITS = 12


def usage_of_head(headers: Iterable[tuple[bytes, bytes]]) -> Usage | None:
    """What was used; None where no head of Bedrock says it. Names are in lower case."""
    found = {name: value for name, value in headers if name in (INPUT, OUTPUT)}
    if INPUT not in found:
        return None
    return Usage(input_uncached=_count(found[INPUT]), output=_count(found.get(OUTPUT, b"")))


def _count(value: bytes) -> int:
    return int(value) if value.isdigit() and len(value) <= MAX_DIGITS else 0
