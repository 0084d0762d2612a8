"""Watching resources of one kind as server-sent events."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator

from aiohttp import web

from config_schemas.canonical import PATH_PREFIX
from control_plane.api.call import Call
from control_plane.api.problem import TooManyAttempts, describe_error
from control_plane.api.sse import Bookmark, Outbox, ServerEvent, send_events
from control_plane.api.view import View, show_bare
from control_plane.distribution.catalog import Catalog
from control_plane.errors import ControlPlaneError, FieldError, Malformed
from control_plane.store.base import Store
from control_plane.store.resources import ResourceEvent, Resources
from control_plane.store.stored import store_errors

MAX_WATCHES = 1000  # of this control plane: each costs a watch at the store


class Watches:
    """Ends all streams with `close`: a client resumes from another control plane."""

    def __init__(self, resources: Resources, catalog: Catalog, store: Store) -> None:
        self._resources = resources
        self._catalog = catalog
        self._store = store
        self._outboxes: set[Outbox] = set()

    async def watch(self, call: Call) -> web.StreamResponse:
        """Answer with the changes after `resourceVersion`, or after `Last-Event-ID` where a client resumes.

        Raises:
            Expired: the store no longer keeps that revision.
        """
        tenant = call.tenant_or_none()
        revision = await self._start(call)
        async with self.outbox() as outbox:
            events = self._resources.watch(
                call.kind.KIND, tenant, labels=call.query.labels(), start_revision=revision + 1
            )
            pump = asyncio.get_running_loop().create_task(self._pump(events, outbox))
            try:
                return await send_events(call.request, outbox, bookmark=Bookmark(revision))
            finally:
                pump.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await pump

    @contextlib.asynccontextmanager
    async def outbox(self) -> AsyncIterator[Outbox]:
        """An outbox for one client, ended by `close`.

        Raises:
            TooManyAttempts: there are as many as one control plane carries.
        """
        if len(self._outboxes) >= MAX_WATCHES:
            raise TooManyAttempts(f"{MAX_WATCHES} clients watch already; try another control plane", 10)
        outbox = Outbox()
        self._outboxes.add(outbox)
        try:
            yield outbox
        finally:
            self._outboxes.discard(outbox)

    async def close(self) -> None:
        """End all streams."""
        for outbox in tuple(self._outboxes):
            outbox.end()

    async def _start(self, call: Call) -> int:
        text = call.request.headers.get("Last-Event-ID", "").strip() or call.query.text("resourceVersion")
        if text and (not text.isascii() or not text.isdigit() or len(text) > 18):
            message = "must be a revision, as `metadata.revision` of a list"
            raise Malformed(f"`resourceVersion` {message}", [FieldError("resourceVersion", message)])
        with store_errors():
            now = (await self._store.list(f"{PATH_PREFIX}_system/", limit=1)).revision
            revision = int(text or now)
            if revision > now:
                raise Malformed(f"`resourceVersion` {revision} is still to come; the store is at {now}")
            await self._store.list(f"{PATH_PREFIX}_system/", limit=1, revision=max(revision, 1))  # is it kept?
        return revision

    async def _pump(self, events: AsyncGenerator[ResourceEvent, None], outbox: Outbox) -> None:
        try:
            async with contextlib.aclosing(events) as each:
                async for event in each:
                    outbox.put(self._server_event(event))
                    if outbox.has_ended:
                        break
        except ControlPlaneError as error:
            outbox.end(ServerEvent("error", describe_error(error)))

    def _server_event(self, event: ResourceEvent) -> ServerEvent:
        if event.resource is None:
            tenant, kind, name = event.name
            data = {"apiVersion": "isthmus.dev/v1", "kind": kind, "metadata": {"tenant": tenant, "name": name}}
        elif event.type == "deleted":
            data = show_bare(event.resource)
        else:
            data = View(self._catalog).show(event.resource)
        return ServerEvent(event.type, data, event.revision)
