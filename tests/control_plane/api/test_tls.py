"""Certificates that change under a running listener."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator

import pytest
import trustme

from control_plane.api.tls import ListenerTls
from control_plane.certificate_files import Pem


def issue(key_type: trustme.KeyType = trustme.KeyType.ECDSA) -> Pem:
    issued = trustme.CA().issue_cert("localhost", key_type=key_type)
    return Pem(issued.cert_chain_pems[0].bytes(), issued.private_key_pem.bytes())


@contextlib.asynccontextmanager
async def connection(port: int, name: str | None) -> AsyncIterator[tuple[bytes, asyncio.StreamWriter]]:
    """The certificate that a client is shown."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name)
    try:
        yield (
            ssl.DER_cert_to_PEM_cert(writer.get_extra_info("ssl_object").getpeercert(binary_form=True)).encode(),
            writer,
        )
    finally:
        writer.close()


@pytest.mark.parametrize("name", ["localhost", ""], ids=["with a name", "without a name"])
@pytest.mark.parametrize("key_type", trustme.KeyType, ids=lambda each: each.name)
async def test_new_connections_get_the_new_certificate_and_old_ones_live_on(
    name: str, key_type: trustme.KeyType
) -> None:
    before, after = issue(), issue(key_type)
    tls = ListenerTls(before)

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=tls.context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with connection(port, name) as (shown, old):
            assert shown == before.certificate
            tls.use(after)
            async with connection(port, name) as (shown, _):
                assert shown == after.certificate
            old.write(b"still here\n")
            await old.drain()
            assert not old.transport.is_closing()
