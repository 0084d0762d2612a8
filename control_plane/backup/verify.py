"""Reads a whole backup before anything is written: that it is intact, and that this control plane can serve it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from config_schemas.base import API_VERSION
from config_schemas.canonical import PATH_PREFIX, encode
from config_schemas.conversion.upgrade import UnknownVersion, upgrade
from config_schemas.version import SCHEMA_VERSION
from control_plane.backup.file import Header, NoBackup, Reader, Section, Summary
from control_plane.errors import Invalid, StoredInvalid
from control_plane.secrets.sealer import Sealer, SealError
from control_plane.secrets.secret_document import open_document
from control_plane.store.initialise import SEAL_CHECK_PATH
from control_plane.store.keys import SEAL_CHECK_KEY, find_resource_name
from control_plane.store.stored import parse_stored

MAX_NAMED = 10  # values that do not open, in one answer

Record = tuple[str, bytes]  # key in the store, value


@dataclass(frozen=True, slots=True)
class Verified:
    """What a good backup says of itself."""

    header: Header
    summary: Summary


def verify(file: BinaryIO, sealer: Sealer) -> Verified:
    """Read it to its end. Blocks.

    Raises:
        Invalid: it cannot be restored here; the text says why, and which master keys are missing.
    """
    try:
        verified, wrong = _read(file, sealer)
    except NoBackup as error:
        raise Invalid(f"this is no backup that can be restored: {error}") from error
    missing = sorted(set(verified.summary.master_keys) - sealer.key_ids)
    if missing:
        names = ", ".join(f"'{key}'" for key in missing)
        raise Invalid(
            f"the backup needs master keys that are not in --master-key-file: {names}; add them below the first"
        )
    if wrong:
        raise Invalid(f"the backup does not fit the master keys: {'; '.join(wrong)}")
    if not sealer.is_signed(verified.summary.checksum, verified.summary.signature):
        raise Invalid("the backup is not signed under the master keys of this control plane: others made or changed it")
    return verified


def _read(file: BinaryIO, sealer: Sealer) -> tuple[Verified, list[str]]:
    file.seek(0)
    reader = Reader(file)
    if reader.header.schema_version > SCHEMA_VERSION:
        raise NoBackup(
            f"it is of schema version {reader.header.schema_version}, this release knows {SCHEMA_VERSION}; "
            "use the release that made it, or a later one"
        )
    wrong: list[str] = []
    last = {section: "" for section in Section}
    for chunk in reader.chunks():
        for name, value in chunk.records():
            if name <= last[chunk.section]:
                raise NoBackup("its records are not in order")
            last[chunk.section] = name
            key, value = stored(chunk.section, name, value)
            if len(wrong) < MAX_NAMED and (reason := _obstacle(key, value, sealer)):
                wrong.append(reason)
    if reader.summary is None:
        raise NoBackup("it is cut short")
    return Verified(reader.header, reader.summary), wrong


def stored(section: Section, name: str, value: bytes) -> Record:
    """A record as it is to be stored now: what an older release wrote, upgraded.

    Raises:
        NoBackup: it is not one of its section.
    """
    key = PATH_PREFIX + name
    if section is not Section.RESOURCES:
        return key, value
    if find_resource_name(key) is None:
        raise NoBackup(f"it has a resource that this release does not know: '{name[:128]}'")
    return key, _upgraded(name, value)


def records(file: BinaryIO, section: Section) -> Iterator[Record]:
    """The records of one section of a verified file, as they are to be stored."""
    file.seek(0)
    for chunk in Reader(file).chunks():
        if chunk.section is section:
            for name, value in chunk.records():
                yield stored(section, name, value)


def _upgraded(name: str, value: bytes) -> bytes:
    try:
        document = json.loads(value)
        if isinstance(document, dict) and document.get("apiVersion") != API_VERSION:
            return encode(upgrade(document))
    except UnknownVersion as error:
        raise NoBackup(f"the `apiVersion` of '{name}' {error}") from error
    except (ValueError, RecursionError):
        pass  # it was written by hand, and is no resource where it comes from either
    return value


def _obstacle(key: str, value: bytes, sealer: Sealer) -> str | None:
    """Why a value that is sealed does not open here; None: it does, or is not sealed."""
    name = find_resource_name(key)
    try:
        if key == SEAL_CHECK_KEY:
            sealer.open(SEAL_CHECK_PATH, "check", value.decode(errors="replace"))
        elif name is not None and name.kind == "Secret":
            open_document(sealer, str(name), parse_stored(value))
    except SealError as error:
        return str(error)
    except StoredInvalid:
        pass  # written by hand, and shown as such
    return None
