"""What a control plane seals for replicas, replicas open: the same bytes for both planes."""

import base64
import io
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from config_schemas.sealed_snapshot import Unusable, file_key, read_header
from config_schemas.version import SCHEMA_VERSION
from control_plane.backup.snapshot import Snapshots
from control_plane.distribution.catalog import Catalog
from control_plane.distribution.subset import Audience
from control_plane.distribution.unseal import unsealer
from control_plane.errors import NoSnapshotKey, NotFound
from data_plane.config.last_good import LastGoodFile, Opener
from data_plane.config.resource_set import Position
from tests.fakes.backup import SEALER, new_store
from tests.fakes.control_plane import control_plane, document, model, provider, secret

KEY, OTHER = b"k" * 32, b"o" * 32
GOLDEN = Path(__file__).parents[1] / "golden" / "snapshot" / "last-good"


@pytest.fixture
async def catalog() -> AsyncIterator[Catalog]:
    store = await new_store()
    async with control_plane(store, SEALER) as running:
        await running.apply(document("Tenant", "default"), provider(), model(), secret())
        made = Catalog(store, unsealer(SEALER))
        await made.start()
        yield made


def key_file(folder: Path, *keys: bytes) -> Path:
    file = folder / "keys"
    file.write_text("".join(base64.b64encode(key).decode() + "\n" for key in keys))
    return file


def made(catalog: Catalog, file: Path, gateway: str = "default", schema_version: int = SCHEMA_VERSION) -> bytes:
    return b"".join(Snapshots(catalog, file).pieces(gateway, schema_version))


async def test_replicas_open_what_the_control_plane_seals(catalog: Catalog, tmp_path: Path) -> None:
    content = made(catalog, key_file(tmp_path, KEY, OTHER))
    assert b"sk-plain-text" not in content
    opened = Opener((OTHER, KEY), "default", (SCHEMA_VERSION,)).open(io.BytesIO(content))
    subset = catalog.subset(Audience("default", SCHEMA_VERSION))
    assert dict(opened.payloads) == {path: subset.sent_payload(path, item) for path, item in subset.items()}
    assert b"sk-plain-text" in opened.payloads["default/Secret/keys"]
    assert (opened.content_hash, opened.position) == (subset.content_hash, Position("first", subset.revision))


async def test_it_is_also_a_last_good_file(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "last-good").write_bytes(made(catalog, key_file(tmp_path, KEY)))
    file = LastGoodFile(tmp_path / "last-good", (KEY,), gateway="default", schema_version=SCHEMA_VERSION)
    assert file.load() is not None


async def test_a_snapshot_for_the_release_before_is_opened_by_both(catalog: Catalog, tmp_path: Path) -> None:
    content = made(catalog, key_file(tmp_path, KEY), schema_version=SCHEMA_VERSION - 1)
    for versions in ((SCHEMA_VERSION - 1,), (SCHEMA_VERSION, SCHEMA_VERSION - 1)):
        assert Opener((KEY,), "default", versions).open(io.BytesIO(content)).payloads


@pytest.mark.parametrize(
    ("opener", "reason"),
    [
        (Opener((OTHER,), "default", (SCHEMA_VERSION,)), "a key that is not in the key file"),
        (Opener((KEY,), "edge", (SCHEMA_VERSION,)), "for the gateway 'default', this replica serves 'edge'"),
        (
            Opener((KEY,), "default", (SCHEMA_VERSION + 2, SCHEMA_VERSION + 1)),
            f"schema version {SCHEMA_VERSION}, this replica takes {SCHEMA_VERSION + 1} or {SCHEMA_VERSION + 2}",
        ),
    ],
    ids=["key", "gateway", "schema"],
)
async def test_who_it_is_not_for_is_told_why(catalog: Catalog, tmp_path: Path, opener: Opener, reason: str) -> None:
    with pytest.raises(Unusable, match=reason):
        opener.open(io.BytesIO(made(catalog, key_file(tmp_path, KEY))))


async def test_without_key_or_gateway_there_is_none(catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(NoSnapshotKey, match="--last-good-key-file"):
        Snapshots(catalog, None).pieces("default")
    with pytest.raises(NoSnapshotKey, match="must hold one or two"):
        Snapshots(catalog, key_file(tmp_path, b"short")).pieces("default")
    with pytest.raises(NotFound, match="Gateway 'edge'"):
        Snapshots(catalog, key_file(tmp_path, KEY)).pieces("edge")


def test_a_file_of_the_first_release_is_opened() -> None:
    """Its header names neither gateway nor schema version."""
    with GOLDEN.open("rb") as file:
        header, _ = read_header(file)
        file.seek(0)
        opened = Opener((KEY,), "edge", (1,)).open(file)
    assert (header.gateway, header.schema_version) == (None, None)
    assert opened.position == Position("first", 42)
    assert {path: len(content) for path, content in opened.payloads.items()} == {
        f"acme/Model/m{number}": 100 for number in range(3)
    }


def test_the_key_of_a_file_is_that_of_hkdf() -> None:

    salt = os.urandom(32)
    assert file_key(KEY, salt) == HKDF(SHA256(), 32, salt, b"isthmus-last-good/1").derive(KEY)
