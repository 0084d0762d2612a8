"""The last good file: what is written comes back, anything else is ignored as a whole."""

import base64
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from config_schemas.sealed_snapshot import CHUNK_BYTES
from data_plane.config.last_good import KeyFileError, LastGoodFile, Saved, read_keys
from data_plane.config.resource_set import Payload, Position, ResourceSet

KEY, OTHER_KEY = b"k" * 32, b"o" * 32


def resources(count: int = 3, size: int = 100) -> ResourceSet:
    made = ResourceSet()
    paths = [f"acme/Model/m{index}" for index in range(count)]
    made.apply({path: Payload.of(path, path.encode().ljust(size)) for path in paths}, Position("first", 42))
    return made


def last_good(folder: Path, *keys: bytes, gateway: str = "edge", schema_version: int = 1) -> LastGoodFile:
    return LastGoodFile(folder / "last-good", keys or (KEY,), gateway=gateway, schema_version=schema_version)


@pytest.mark.parametrize("made", [resources(0), resources(), resources(2000, 1000), resources(2, CHUNK_BYTES * 2)])
def test_what_is_saved_is_loaded(tmp_path: Path, made: ResourceSet) -> None:
    last_good(tmp_path).save(Saved.of(made))
    loaded = last_good(tmp_path).load()
    assert loaded is not None
    assert (dict(loaded.payloads), loaded.position, loaded.content_hash) == (
        dict(made.payloads),
        Position("first", 42) if made.payloads else made.position,
        made.content_hash,
    )


def test_the_file_is_for_its_owner_only_and_shows_nothing(tmp_path: Path) -> None:
    last_good(tmp_path).save(Saved.of(resources()))
    (file,) = tmp_path.iterdir()  # and no temporary one is left
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert b"acme" not in file.read_bytes()


def test_no_file_is_no_configuration_and_no_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert last_good(tmp_path).load() is None
    assert not caplog.records


def test_the_second_key_opens_what_it_wrote_when_it_was_the_first(tmp_path: Path) -> None:
    last_good(tmp_path, OTHER_KEY).save(Saved.of(resources()))
    assert last_good(tmp_path, KEY, OTHER_KEY).load() is not None
    last_good(tmp_path, KEY, OTHER_KEY).save(Saved.of(resources()))
    assert last_good(tmp_path, KEY).load() is not None


def flip(at: int) -> Callable[[bytes], bytes]:
    return lambda content: content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def replace(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda content: content.replace(old, new, 1)


def drop_second_chunk(content: bytes) -> bytes:
    head = content.index(b"\n") + 1
    first = head + 4 + int.from_bytes(content[head : head + 4], "big")
    second = first + 4 + int.from_bytes(content[first : first + 4], "big")
    return content[:first] + content[second:]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda content: b"", id="empty"),
        pytest.param(lambda content: b"\n", id="no header"),
        pytest.param(lambda content: b"[" * 5000, id="deep header"),
        pytest.param(lambda content: b"\xff\n" + content, id="not text"),
        pytest.param(replace(b"last-good/1", b"last-good/0"), id="old format"),
        pytest.param(replace(b'"first"', b'"other"'), id="another epoch"),
        pytest.param(replace(b": 42,", b": 43,"), id="another revision"),
        pytest.param(replace(b'"salt": "', b'"salt": "zz'), id="salt"),
        pytest.param(flip(-1), id="last byte"),
        pytest.param(flip(-400), id="a byte of a payload"),
        pytest.param(lambda content: content + b"x", id="longer"),
        pytest.param(drop_second_chunk, id="without a chunk"),
        pytest.param(lambda content: content[: content.index(b"\n") + 1], id="header only"),
    ],
)
def test_a_damaged_file_is_ignored_with_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: Callable[[bytes], bytes]
) -> None:
    last_good(tmp_path).save(Saved.of(resources(2000, 500)))
    file = tmp_path / "last-good"
    file.write_bytes(damage(file.read_bytes()))
    assert last_good(tmp_path).load() is None
    assert [record.message.split()[0] for record in caplog.records] == ["last_good_ignored"]


def test_a_file_cut_at_any_place_is_ignored(tmp_path: Path) -> None:
    last_good(tmp_path).save(Saved.of(resources(2)))
    file = tmp_path / "last-good"
    content = file.read_bytes()
    for length in range(len(content)):
        file.write_bytes(content[:length])
        assert last_good(tmp_path).load() is None


def test_a_file_of_the_release_before_is_taken(tmp_path: Path) -> None:
    last_good(tmp_path).save(Saved.of(resources(1)))
    loaded = last_good(tmp_path, schema_version=2).load()
    assert loaded is not None and len(loaded.payloads) == 1


@pytest.mark.parametrize(("gateway", "schema_version"), [("other", 1), ("edge", 3), ("edge", 0)])
def test_a_file_of_another_gateway_or_schema_is_ignored(tmp_path: Path, gateway: str, schema_version: int) -> None:
    last_good(tmp_path).save(Saved.of(resources()))
    assert last_good(tmp_path, gateway=gateway, schema_version=schema_version).load() is None


def test_a_file_under_an_unknown_key_is_ignored(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    last_good(tmp_path).save(Saved.of(resources()))
    assert last_good(tmp_path, OTHER_KEY).load() is None
    assert "a key that is not in the key file" in caplog.text


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    last_good(tmp_path).save(Saved.of(resources(1)))

    def fail(count: int) -> bytes:
        raise OSError("no space left")

    broken = LastGoodFile(tmp_path / "last-good", (KEY,), gateway="edge", schema_version=1, random_bytes=fail)
    with pytest.raises(OSError, match="no space"):
        broken.save(Saved.of(resources(2)))
    loaded = last_good(tmp_path).load()
    assert loaded is not None and len(loaded.payloads) == 1
    last_good(tmp_path).save(Saved.of(resources(2)))  # what the failed write left is in nobody's way


def encoded(*keys: bytes) -> str:
    return "".join(base64.b64encode(key).decode() + "\n" for key in keys)


def test_a_key_file_holds_one_or_two_keys(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(encoded(KEY) + "\n" + encoded(OTHER_KEY))
    assert read_keys(file) == (KEY, OTHER_KEY)


@pytest.mark.parametrize("text", ["", "short\n", encoded(b"x" * 31), encoded(KEY, KEY, KEY), "ä\n", "not base64!\n"])
def test_a_key_file_with_anything_else_is_refused_without_showing_it(tmp_path: Path, text: str) -> None:
    file = tmp_path / "keys"
    file.write_text(text)
    with pytest.raises(KeyFileError) as error:
        read_keys(file)
    assert not text.strip() or text.strip() not in str(error.value)


def test_a_key_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="FileNotFoundError"):
        read_keys(tmp_path / "keys")


@pytest.mark.parametrize("count", [10_000, pytest.param(300_000, marks=pytest.mark.long)])
def test_many_credentials_are_written_and_read_fast(tmp_path: Path, count: int) -> None:
    made = resources(count, 350)
    started = time.process_time()
    last_good(tmp_path).save(Saved.of(made))
    written = time.process_time() - started
    assert last_good(tmp_path).load() is not None
    assert written < 3.0 * count / 300_000
