"""Certificates that change under a running listener."""

import asyncio
import os
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest

from control_plane.api.tls import ReloadingTls
from control_plane.cli.pki import Authority


def write(authority: Authority, folder: Path, seconds: int) -> tuple[Path, Path]:
    pair = authority.issue_server(["127.0.0.1"], datetime.now(UTC))
    files = folder / "cert.pem", folder / "key.pem"
    for file, content in zip(files, (pair.certificate, pair.key), strict=True):
        file.write_bytes(content)
        os.utime(file, (seconds, seconds))
    return files


async def served(tls: ReloadingTls) -> bytes:
    """The certificate that a client is shown."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0, ssl=tls.context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        await writer.wait_closed()
    assert isinstance(shown, bytes)
    return shown


async def test_a_changed_certificate_is_served_without_a_restart(tmp_path: Path) -> None:
    authority = Authority.create(datetime.now(UTC))
    tls = ReloadingTls(*write(authority, tmp_path, 1))
    before = await served(tls)
    assert not tls.reload()
    write(authority, tmp_path, 2)
    assert tls.reload()
    assert await served(tls) != before


async def test_files_that_do_not_fit_leave_the_old_certificate(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    authority = Authority.create(datetime.now(UTC))
    certificate, key = write(authority, tmp_path, 1)
    tls = ReloadingTls(certificate, key)
    before = await served(tls)
    key.write_bytes(authority.issue_server(["127.0.0.1"], datetime.now(UTC)).key)
    assert not tls.reload()
    assert "api_certificate_kept" in caplog.text
    assert await served(tls) == before
