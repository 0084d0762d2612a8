"""What call records sum up to, per application, model, version and hour: what ledgers need when detail is lost."""

import os
from dataclasses import dataclass, field

import msgspec

MAX_SUMS = 20_000  # about 6 MB of lines; beyond, the oldest hour goes
HOUR = len("2026-11-24T10")  # of a time in RFC 3339

Key = tuple[str, str, str, str, str]


class _Record(msgspec.Struct):
    """What we read of a call record; the rest is detail."""

    started: str = ""
    tenant: str = ""
    application: str = ""
    model: str = ""
    version: str = ""
    usage: dict[str, int] | None = None
    charged: int | None = None  # nano-USD; None: not known
    incurred: int | None = None


class Sum(msgspec.Struct):
    """Of the records of one hour that share application, model and version.

    `charged` and `incurred`: as far as known. `unpriced`: calls that used tokens and whose cost is not known.
    """

    hour: str
    tenant: str
    application: str
    model: str
    version: str
    calls: int = 0
    usage: dict[str, int] = {}
    charged: int = 0
    incurred: int = 0
    unpriced: int = 0


class _Header(msgspec.Struct, rename="camel"):
    """The first line of a file of sums: up to which segment of the spool it goes, and the table's name."""

    folded_segment: int
    name: str = ""


def new_name() -> str:
    """That no other table of sums has."""
    return os.urandom(8).hex()


def read_sums(content: bytes) -> tuple[str, list[Sum]]:
    """The name and the sums of a file that `Sums.to_lines` gave; damaged lines are left out."""
    header, *lines = content.splitlines() or [b""]
    try:
        name = msgspec.json.decode(header, type=_Header).name
    except msgspec.DecodeError:
        return "", []
    sums: list[Sum] = []
    for line in lines:
        try:
            sums.append(msgspec.json.decode(line, type=Sum))
        except msgspec.DecodeError:
            continue
    return name, sums


def folded_segment_of(content: bytes) -> int:
    """Up to which segment such a file goes."""
    try:
        return msgspec.json.decode(content.partition(b"\n")[0], type=_Header).folded_segment
    except msgspec.DecodeError:
        return 0


def without_segment(content: bytes) -> bytes:
    """The same table, for a folder whose segments are others."""
    header, newline, sums = content.partition(b"\n")
    try:
        name = msgspec.json.decode(header, type=_Header).name
    except msgspec.DecodeError:
        return content
    return msgspec.json.encode(_Header(0, name)) + newline + sums


@dataclass(slots=True)
class Sums:
    """A table of sums. `folded_segment`: the last segment of the spool that went into it, or into one before it."""

    folded_segment: int = 0
    name: str = field(default_factory=new_name)
    _sums: dict[Key, Sum] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._sums)

    def add_lines(self, lines: bytes) -> tuple[int, int]:
        """Add call records. Returns how many were added, and how many were lost: unreadable, or in an hour given up."""
        added = lost = 0
        decode = msgspec.json.Decoder(_Record).decode
        for line in lines.splitlines():
            try:
                record = decode(line)
            except msgspec.DecodeError:
                lost += 1
                continue
            self._add(record)
            added += 1
        return added, lost + self._give_up()

    def load(self, content: bytes) -> None:
        """Go on from what `to_lines` gave; damaged lines are left out."""
        self.folded_segment = folded_segment_of(content)
        name, sums = read_sums(content)
        self.name = name or self.name
        for each in sums:
            self._sums[(each.hour, each.tenant, each.application, each.model, each.version)] = each

    def to_lines(self) -> bytes:
        """A header and a line for each sum."""
        return msgspec.json.Encoder().encode_lines([_Header(self.folded_segment, self.name), *self._sums.values()])

    def _add(self, record: _Record) -> None:
        key = (record.started[:HOUR], record.tenant, record.application, record.model, record.version)
        into = self._sums.get(key)
        if into is None:
            into = self._sums[key] = Sum(*key, usage={})
        into.calls += 1
        into.charged += record.charged or 0
        into.incurred += record.incurred or 0
        into.unpriced += record.charged is None and bool(record.usage)
        for bucket, count in (record.usage or {}).items():
            into.usage[bucket] = into.usage.get(bucket, 0) + count

    def _give_up(self) -> int:
        """Drop the oldest hours beyond the bound; how many calls they stood for."""
        lost = 0
        while len(self._sums) > MAX_SUMS:
            oldest = min(key[0] for key in self._sums)
            for key in [key for key in self._sums if key[0] == oldest]:
                lost += self._sums.pop(key).calls
        return lost
