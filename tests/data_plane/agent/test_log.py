"""Log lines."""

import json
import logging

from data_plane.agent.log import PER_WINDOW, WINDOW_SECONDS, JsonLines, RateLimit


def record(message: str, line: int = 1) -> logging.LogRecord:
    return logging.LogRecord("data_plane.x", logging.ERROR, "x.py", line, message, (), None)


def test_a_line_is_json_whatever_is_in_the_message() -> None:
    line = JsonLines("worker-0").format(record('evil\r\n{"level":"info"}\x1b[31m'))
    assert "\n" not in line
    assert "\x1b" not in line
    fields = json.loads(line)
    assert fields["message"].startswith("evil")
    assert (fields["level"], fields["process"]) == ("error", "worker-0")


def test_a_fault_that_repeats_is_held_back_and_counted() -> None:
    now = [0.0]
    limit = RateLimit(lambda: now[0])
    passed = sum(limit.filter(record("again")) for _ in range(PER_WINDOW + 30))
    assert passed == PER_WINDOW
    assert limit.filter(record("another", line=2))
    now[0] += WINDOW_SECONDS
    first = record("again")
    assert limit.filter(first)
    assert first.getMessage() == "again (and 30 more before)"
