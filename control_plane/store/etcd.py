"""The store in etcd."""

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import replace

from isthmus.etcd.v1 import etcd_pb2 as pb

from control_plane.certificate_files import CertificateFiles, Pem
from control_plane.etcd.client import EtcdClient
from control_plane.etcd.errors import EtcdError, Kind
from control_plane.etcd.methods import GRANT_LEASE, KEEP_LEASE_ALIVE, RANGE, REVOKE_LEASE
from control_plane.etcd.settings import EtcdSettings
from control_plane.etcd.watch import KeyRange, watch
from control_plane.store.base import Batch, Compare, Entry, Event, Page, Write
from control_plane.store.etcd_errors import store_errors
from control_plane.store.etcd_transaction import to_entry, transact
from control_plane.store.transaction import check_start

PAGE_ENTRIES = 1000
ZERO = b"\0"  # as first key: the lowest there is; as end of a range: no end


class EtcdStore:
    """Owns the connections to etcd; made inside a running loop, they are opened by the first call.

    Raises:
        CertificateError: the certificate files cannot be used.
    """

    def __init__(self, settings: EtcdSettings) -> None:
        self._client = EtcdClient(settings)

    @property
    def certificate_files(self) -> CertificateFiles | None:
        """Those of the connections; None where they have no TLS."""
        return self._client.certificate_files

    def on_certificates(self, _before: Pem, after: Pem) -> None:
        """Go on over new connections with the new certificates."""
        self._client.renew(after)

    async def get(self, key: str) -> Entry | None:
        with store_errors():
            answer = await self._client.call(RANGE, pb.RangeRequest(key=key.encode()))
        return to_entry(answer.kvs[0]) if answer.kvs else None

    async def list(self, prefix: str, *, start: str = "", limit: int = 0, revision: int = 0) -> Page:
        entries: list[Entry] = []
        page = Page((), revision, next_key=max(prefix, start))
        while page.next_key is not None:
            wanted = limit - len(entries) if limit else PAGE_ENTRIES
            page = await self._read_page(prefix, page, min(wanted, PAGE_ENTRIES))
            entries += page.entries
            if limit and len(entries) >= limit:
                break
        return replace(page, entries=tuple(entries))

    async def transact(self, compares: Sequence[Compare], writes: Sequence[Write]) -> int:
        with store_errors():
            return await transact(self._client, compares, writes)

    async def watch(self, prefix: str, *, start_revision: int) -> AsyncIterator[Batch]:
        check_start(start_revision)
        changes = watch(self._client, _key_range(prefix), start_revision=start_revision)
        with store_errors(revision=start_revision):
            async with aclosing(changes):
                async for change in changes:
                    yield Batch(change.revision, tuple(_event(event) for event in change.events))

    async def grant_lease(self, ttl_seconds: int) -> int:
        # Repeated after a lost answer: a lease that nobody knows of ends by itself.
        with store_errors():
            return (await self._client.call(GRANT_LEASE, pb.LeaseGrantRequest(ttl=ttl_seconds))).id

    async def renew_lease(self, lease: int) -> bool:
        with store_errors():
            answer = await self._client.exchange(KEEP_LEASE_ALIVE, pb.LeaseKeepAliveRequest(id=lease))
        return answer.ttl > 0

    async def revoke_lease(self, lease: int) -> None:
        with store_errors():
            try:
                await self._client.call(REVOKE_LEASE, pb.LeaseRevokeRequest(id=lease))
            except EtcdError as error:
                if error.kind is not Kind.LEASE_NOT_FOUND:
                    raise

    async def close(self) -> None:
        await self._client.close()

    async def _read_page(self, prefix: str, after: Page, limit: int) -> Page:
        """The page that begins at `after.next_key`, at `after.revision`; smaller if its values are large."""
        keys = _key_range(prefix)
        request = pb.RangeRequest(
            key=(after.next_key or "").encode() or keys.first,
            range_end=keys.end,
            limit=limit + 1,  # one more: where the next page begins
            revision=after.revision,
        )
        with store_errors(revision=after.revision):
            try:
                answer = await self._client.call(RANGE, request)
            except EtcdError as error:
                if error.kind is not Kind.ANSWER_TOO_LARGE or limit == 1:
                    raise
                return await self._read_page(prefix, after, limit // 2)
        entries = tuple(to_entry(kv) for kv in answer.kvs)
        next_key = entries[limit].key if len(entries) > limit else None
        return Page(entries[:limit], after.revision or answer.header.revision, next_key)


def _key_range(prefix: str) -> KeyRange:
    """All keys that begin with `prefix`. UTF-8 never ends in 0xff, so the last byte can be raised."""
    if not prefix:
        return KeyRange(ZERO, ZERO)
    first = prefix.encode()
    return KeyRange(first, first[:-1] + bytes([first[-1] + 1]))


def _event(event: pb.Event) -> Event:
    entry = to_entry(event.kv) if event.type == pb.Event.PUT else None
    return Event(event.kv.key.decode(), entry, event.kv.mod_revision)
