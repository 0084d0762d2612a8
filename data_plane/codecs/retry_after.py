"""When a provider says to try again. Source: RFC 9110, 10.2.3; `retry-after-ms` is OpenAI's and Azure's."""

import re
from collections.abc import Mapping

SECONDS = re.compile(rb"[0-9]{1,9}(?:\.[0-9]{1,9})?")
MAX_SECONDS = 86_400.0


def retry_after(headers: Mapping[bytes, bytes]) -> float | None:
    """Seconds; None where it says nothing, or gives a date (which no model provider does)."""
    for name, unit in ((b"retry-after-ms", 1000.0), (b"retry-after", 1.0)):
        value = headers.get(name, b"").strip()
        if SECONDS.fullmatch(value):
            return min(float(value) / unit, MAX_SECONDS)
    return None
