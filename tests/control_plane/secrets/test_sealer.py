"""Sealing values."""

import base64
from pathlib import Path

import pytest

from control_plane.secrets.sealer import KeyFileError, Sealer, SealError, read_key_file, sealed_under

OLD, NEW = {"k1": b"1" * 32}, {"k2": b"2" * 32}
PATH = "default/Secret/keys"


def test_a_sealed_value_opens_in_its_place_only() -> None:
    sealer = Sealer(OLD)
    sealed = sealer.seal(PATH, "value", "sk-plain é")
    assert sealed.startswith("sealed:v1:k1:")
    assert "sk-plain" not in sealed
    assert sealer.open(PATH, "value", sealed) == "sk-plain é"
    for path, key in (("acme/Secret/keys", "value"), (PATH, "other")):
        with pytest.raises(SealError, match="does not open"):
            sealer.open(path, key, sealed)


def test_one_value_is_sealed_differently_each_time_with_one_fingerprint() -> None:
    sealer = Sealer(OLD)
    first, second = (sealer.seal(PATH, "value", "plain") for _ in range(2))
    assert first != second
    fingerprints = {sealer.fingerprint(PATH, "value", sealed) for sealed in (first, second)}
    assert len(fingerprints) == 1
    assert fingerprints != {sealer.fingerprint(PATH, "value", sealer.seal(PATH, "value", "other"))}
    assert fingerprints != {sealer.fingerprint(PATH, "other", sealer.seal(PATH, "other", "plain"))}


def test_the_first_key_seals_and_all_open() -> None:
    sealed = Sealer(OLD).seal(PATH, "value", "plain")
    both = Sealer({**NEW, **OLD})
    assert both.open(PATH, "value", sealed) == "plain"
    assert sealed_under(both.seal(PATH, "value", "plain")) == "k2"
    with pytest.raises(SealError, match="under the master key 'k1', which is not in"):
        Sealer(NEW).open(PATH, "value", sealed)
    with pytest.raises(SealError, match="does not open"):
        Sealer({"k1": b"x" * 32}).open(PATH, "value", sealed)


@pytest.mark.parametrize(
    "damaged", ["", "plain", "sealed:v1:k1", "sealed:v1:k1:", "sealed:v1:k1:AAAA", "sealed:v1:k1:é"]
)
def test_a_damaged_value_does_not_open(damaged: str) -> None:
    with pytest.raises(SealError):
        Sealer(OLD).open(PATH, "value", damaged)


def test_every_changed_byte_is_noticed() -> None:
    sealer = Sealer(OLD)
    start, _, data = sealer.seal(PATH, "value", "plain").rpartition(":")
    raw = base64.b64decode(data)
    for index in range(len(raw)):
        changed = raw[:index] + bytes([raw[index] ^ 1]) + raw[index + 1 :]
        with pytest.raises(SealError):
            sealer.open(PATH, "value", f"{start}:{base64.b64encode(changed).decode()}")


def line(id: str, key: bytes) -> str:
    return f"{id}:{base64.b64encode(key).decode()}\n"


def test_a_key_file_gives_its_keys_in_order(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("# rotated in May\n" + line("b", b"2" * 32) + "\n" + line("a", b"1" * 32))
    assert list(read_key_file(file).items()) == [("b", b"2" * 32), ("a", b"1" * 32)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no master key"),
        (line("a", b"1" * 16), "line 1 of"),
        ("a:!!!\n", "line 1 of"),
        (line("a", b"1" * 32) + line("a", b"2" * 32), "line 2 of"),
        (line("a b", b"1" * 32), "line 1 of"),
        (base64.b64encode(b"1" * 32).decode(), "line 1 of"),
    ],
)
def test_a_bad_key_file_is_refused_without_telling_it(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "keys"
    file.write_text(text)
    with pytest.raises(KeyFileError, match=message) as caught:
        read_key_file(file)
    assert "MTEx" not in str(caught.value)


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="No such file"):
        read_key_file(tmp_path / "keys")
