"""A store of call records in memory, that can be slow or broken."""

import threading
from collections.abc import Sequence
from datetime import datetime

from isthmus.telemetry.v1.telemetry_pb2 import CallRecord, FoldedSum

from control_plane.collector.engine import StoreError

DEADLINE_SECONDS = 10.0


class FakeCallStore:
    """`gate` cleared: writes wait. `broken`: why nothing can be written."""

    def __init__(self) -> None:
        self.records: list[CallRecord] = []
        self.sums: list[tuple[str, FoldedSum]] = []
        self.writes = 0
        self.broken = ""
        self.gate = threading.Event()
        self.gate.set()

    def prepare(self) -> None:
        self.probe()

    def probe(self) -> None:
        if self.broken:
            raise StoreError(self.broken)

    def write(self, records: Sequence[CallRecord], sums: Sequence[tuple[str, FoldedSum]]) -> None:
        assert self.gate.wait(DEADLINE_SECONDS)
        self.probe()
        self.writes += 1
        self.records += records
        self.sums += sums

    def oldest_detail(self, now: datetime) -> float:
        return now.timestamp() - 30 * 86_400

    def sequences(self) -> list[int]:
        return [record.sequence for record in self.records]
