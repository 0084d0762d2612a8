"""The backup file: what is written comes back, anything else is refused as a whole."""

import io
import json
import zlib
from collections.abc import Callable

import pytest

from control_plane.backup.file import MAX_OPENED_BYTES, Chunk, Header, NoBackup, Reader, Section, Writer, check

HEADER = Header("0123456789abcdef", "2026-11-24T12:00:00.000Z", "first", 42, 2, "1.0.0", ("system", "resources"))


def written(count: int = 3, size: int = 100) -> bytes:
    writer = Writer()
    records = [(f"acme/Model/m{index:05}", bytes([index % 251]) * size) for index in range(count)]
    begin = writer.begin(HEADER)
    chunks = [*writer.chunks(Section.SYSTEM, [("a", b"b")]), *writer.chunks(Section.RESOURCES, records)]
    return b"".join((begin, *chunks, writer.end({"k2", "k1"}, lambda checksum: "k1:signed")))


def test_what_is_written_is_read() -> None:
    reader = Reader(io.BytesIO(written(2000, 500)))
    found = [(chunk.section, *record) for chunk in reader.chunks() for record in chunk.records()]
    assert reader.header == HEADER
    assert reader.summary is not None
    assert reader.summary.signature == "k1:signed"
    assert (reader.summary.counts, reader.summary.master_keys) == ({"system": 1, "resources": 2000}, ("k1", "k2"))
    assert found[0] == (Section.SYSTEM, "a", b"b")
    assert (len(found), found[-1]) == (2001, (Section.RESOURCES, "acme/Model/m01999", bytes([1999 % 251]) * 500))


def replace(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda content: content.replace(old, new, 1)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        pytest.param(lambda content: b"", "does not begin", id="empty"),
        pytest.param(lambda content: b"[" * 100_000, "does not begin", id="deep"),
        pytest.param(lambda content: b"\xff" + content, "does not begin", id="not text"),
        pytest.param(replace(b"backup/1", b"backup/2"), "has the format 'isthmus-backup/2'", id="another format"),
        pytest.param(replace(b'"revision": 42', b'"revision": 43'), "checksum", id="another revision"),
        pytest.param(lambda content: content + b"x", "follows its end", id="longer"),
        pytest.param(lambda content: content[: content.index(b"\n") + 1], "cut short", id="header only"),
        pytest.param(replace(b'"masterKeys": ["k1"', b'"masterKeys": ["k0"'), "checksum", id="summary"),
    ],
)
def test_a_damaged_file_is_refused(damage: Callable[[bytes], bytes], message: str) -> None:
    with pytest.raises(NoBackup, match=message):
        check(io.BytesIO(damage(written())))


def test_a_file_cut_or_changed_at_any_place_is_refused() -> None:
    content = written(1)
    for at in range(len(content)):
        with pytest.raises(NoBackup):
            check(io.BytesIO(content[:at]))
    for at in range(len(content) - len("k1:signed")):
        with pytest.raises(NoBackup):
            check(io.BytesIO(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(zlib.compress(bytes(MAX_OPENED_BYTES + 1)), id="opens to too much"),
        pytest.param(zlib.compress(b"\0\0\0\x05a"), id="a record that does not end"),
        pytest.param(zlib.compress(b"") + b"x", id="something behind"),
        pytest.param(b"x", id="not compressed"),
    ],
)
def test_a_chunk_that_is_no_chunk_is_refused(data: bytes) -> None:
    with pytest.raises(NoBackup, match="a chunk is damaged"):
        list(Chunk(Section.RESOURCES, data).records())


def test_the_first_line_tells_where_it_comes_from() -> None:
    line = json.loads(written().splitlines()[0])
    assert (line["epoch"], line["revision"], line["schemaVersion"], line["release"]) == ("first", 42, 2, "1.0.0")
