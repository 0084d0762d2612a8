"""What a collector counts, as a page for Prometheus. Source: text format 0.0.4 (prometheus.io, 2026-11)."""

from dataclasses import dataclass, field, fields
from typing import Any

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "isthmus_collector_"


def _counter(text: str) -> Any:  # a dataclass field
    return field(default=0, metadata={"text": text, "kind": "counter"})


def _gauge(text: str) -> Any:
    return field(default=0.0, metadata={"text": text, "kind": "gauge"})


@dataclass(slots=True)
class Counters:
    """A field is a metric of the same name."""

    ready: float = _gauge("1 while the store takes what it is given.")
    streams: int = _gauge("Streams from data planes that are open.")
    pending_bytes: int = _gauge("Received and not stored yet.")
    streams_total: int = _counter("Streams that were begun.")
    refused_streams_total: int = _counter("Streams ended because of who sent or what was sent.")
    records_stored_total: int = _counter("Records stored with their detail.")
    records_duplicate_total: int = _counter("Records that came again and were left out.")
    records_late_total: int = _counter("Records kept as sums only: their day is outside the retention.")
    sums_stored_total: int = _counter("Sums of records that data planes had no room for.")
    stored_bytes_total: int = _counter("Bytes of the deliveries that were stored.")
    writes_total: int = _counter("Blocks written to the store.")
    write_failures_total: int = _counter("Times that the store took nothing, or could not be reached.")
    write_seconds_total: float = _counter("Time of writing, with waiting for roll-ups.")
    last_write_timestamp_seconds: float = _gauge("When the store last took something; 0 at the start.")
    stale_hours: int = _gauge("Hours whose sums are to be made anew.")
    roll_ups_total: int = _counter("Hours summed up.")

    def page(self) -> str:
        lines: list[str] = []
        for each in fields(self):
            name = PREFIX + each.name
            lines.append(f"# HELP {name} {each.metadata['text']}")
            lines.append(f"# TYPE {name} {each.metadata['kind']}")
            lines.append(f"{name} {getattr(self, each.name):.17g}")
        return "\n".join(lines) + "\n"
