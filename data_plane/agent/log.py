"""One JSON line per log record on stderr, and a bound on how many of one kind."""

import logging
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

PER_WINDOW = 20  # lines of one statement; a fault that repeats with every request must not fill a disk
WINDOW_SECONDS = 10.0
MAX_STATEMENTS = 1024

_encode = msgspec.json.Encoder().encode


class JsonLines(logging.Formatter):
    """Everything is escaped, so that nothing in a message can begin a line of its own."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return _encode(line).decode()


class RateLimit(logging.Filter):
    """Lets through so many records of one statement in a window; the first after it says how many were held back."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now = now
        self._seen: dict[tuple[str, int], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        statement, now = (record.pathname, record.lineno), self._now()
        began, count = self._seen.get(statement, (now, 0))
        if now - began >= WINDOW_SECONDS:
            if count > PER_WINDOW:
                record.msg = f"{record.msg} (and {count - PER_WINDOW} more before)"
            began, count = now, 0
        if statement not in self._seen and len(self._seen) >= MAX_STATEMENTS:
            return True
        self._seen[statement] = (began, count + 1)
        return count < PER_WINDOW


def configure(process: str) -> None:
    """Send this process's log to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(process))
    handler.addFilter(RateLimit())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
