"""Backup, restore, epochs, and bootstrap snapshots."""

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator, Iterator
from typing import BinaryIO

from aiohttp import web

from config_schemas.version import SCHEMA_VERSION
from control_plane.api.call import Call, answer
from control_plane.api.problem import RequestTimeout
from control_plane.api.schema import EpochAnnounced, RestoreStatus
from control_plane.backup import file, snapshot
from control_plane.backup.export import Exporter, Options
from control_plane.backup.restore import Outcome, Restores
from control_plane.backup.snapshot import Snapshots
from control_plane.errors import TooLarge

WRITE_SECONDS = 60.0  # for one piece: a client that reads nothing for so long is let go
READ_SECONDS = 60.0
READ_BYTES = 1024 * 1024
MEMORY_BYTES = 32 * 1024 * 1024  # of an upload; what is beyond goes to a temporary file
MAX_UPLOAD_BYTES = 2 * 1024 * 1024 * 1024

logger = logging.getLogger(__name__)


class BackupEndpoints:
    """For the scope `admin`."""

    def __init__(self, exporter: Exporter, restores: Restores, snapshots: Snapshots) -> None:
        self._exporter = exporter
        self._restores = restores
        self._snapshots = snapshots

    async def backup(self, call: Call) -> web.StreamResponse:
        options = Options(history=call.query.flag_or("history", True), audit=call.query.flag_or("audit", True))
        return await _send(call, file.MEDIA_TYPE, self._exporter.pieces(options))

    async def snapshot(self, call: Call) -> web.StreamResponse:
        version = call.query.number("schemaVersion", default=SCHEMA_VERSION, low=1, high=SCHEMA_VERSION)
        pieces = self._snapshots.pieces(call.part("name"), version)
        return await _send(call, snapshot.MEDIA_TYPE, _slowly(pieces))

    async def restore(self, call: Call) -> web.Response:
        accept, dry_run = call.query.flag("accept"), call.query.flag("dryRun")
        with tempfile.SpooledTemporaryFile(MEMORY_BYTES) as upload:
            await _receive(call.request, upload)  # type: ignore[arg-type]  # it has what a binary file has
            outcome = await self._restores.restore(upload, call.actor, accept=accept, dry_run=dry_run)  # type: ignore[arg-type]
        return answer(_show(outcome))

    async def restore_status(self, call: Call) -> web.Response:
        return answer(_show(await self._restores.status()))

    async def announce_epoch(self, call: Call) -> web.Response:
        return answer(EpochAnnounced(epoch=await self._restores.announce(call.actor)))


async def _receive(request: web.Request, upload: BinaryIO) -> None:
    size = 0
    try:
        while True:
            async with asyncio.timeout(READ_SECONDS):
                piece = await request.content.read(READ_BYTES)
            if not piece:
                return
            size += len(piece)
            if size > MAX_UPLOAD_BYTES:
                raise TooLarge(f"a backup may have at most {MAX_UPLOAD_BYTES} bytes")
            await asyncio.to_thread(upload.write, piece)
    except TimeoutError as error:
        raise RequestTimeout(f"each part of the body must come within {READ_SECONDS:.0f} seconds") from error
    except OSError as error:
        raise TooLarge(f"this control plane has no room for the backup: {error.strerror}") from error


async def _send(call: Call, media_type: str, pieces: AsyncIterator[bytes]) -> web.StreamResponse:
    """Answer with pieces as they are made. What fails before the first is an error as any other."""
    first = await anext(pieces)
    response = web.StreamResponse(headers={"Content-Type": media_type, "Cache-Control": "no-store"})
    await response.prepare(call.request)
    try:
        await _write(response, first)
        async for piece in pieces:
            await _write(response, piece)
        await response.write_eof()
    except (ConnectionError, TimeoutError):
        pass  # the client is gone, or reads nothing
    except Exception:
        logger.exception("answer_cut_short operation=%s actor=%s", call.operation.id, call.actor.id)
        if call.request.transport is not None:
            call.request.transport.abort()  # the client must not take it for whole
    return response


async def _write(response: web.StreamResponse, piece: bytes) -> None:
    async with asyncio.timeout(WRITE_SECONDS):
        await response.write(piece)


async def _slowly(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
        await asyncio.sleep(0)  # others run in between


def _show(outcome: Outcome) -> RestoreStatus:
    return RestoreStatus(
        state=outcome.state,
        backup=outcome.backup,
        epoch=outcome.epoch,
        by=outcome.by,
        started_at=outcome.started_at,
        finished_at=outcome.finished_at,
        master_keys=outcome.master_keys,
        counts=dict(outcome.counts or {}),
        is_store_empty=outcome.is_store_empty,
    )
