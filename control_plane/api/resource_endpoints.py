"""Reading and writing resources of one kind."""

from aiohttp import web

from control_plane.api.call import Call, answer, json_answer, parse_request
from control_plane.api.schema import History, HistoryEntry, RollbackRequest
from control_plane.api.view import View, show_bare
from control_plane.api.watch import Watches
from control_plane.distribution.catalog import Catalog
from control_plane.errors import FieldError, Invalid, StoredInvalid
from control_plane.store.changes import Action, Change, Outcome
from control_plane.store.resources import Resources


class ResourceEndpoints:
    """One for all kinds: which one, the operation says."""

    def __init__(self, resources: Resources, catalog: Catalog, watches: Watches) -> None:
        self._resources = resources
        self._catalog = catalog
        self._watches = watches

    async def list(self, call: Call) -> web.StreamResponse:
        if call.query.flag("watch"):
            return await self._watches.watch(call)
        page = await self._resources.list(
            call.kind.KIND,
            call.tenant_or_none(),
            labels=call.query.labels(),
            limit=call.query.limit(),
            token=call.query.text("continue"),
        )
        view = View(self._catalog)
        return json_answer(
            {
                "apiVersion": "isthmus.dev/v1",
                "kind": f"{call.kind.KIND}List",
                "metadata": {"revision": page.revision, "continue": page.token},
                "items": [view.show(resource) for resource in page.items],
            }
        )

    async def get(self, call: Call) -> web.Response:
        resource = await self._resources.get(call.kind.KIND, call.tenant(), call.part("name"))
        return json_answer(View(self._catalog).show(resource), revision=resource.metadata.revision)

    async def create(self, call: Call) -> web.Response:
        document = await call.document()
        metadata = document.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        if not isinstance(name, str) or not name:
            raise Invalid("the resource has no name", [FieldError("metadata.name", "is required: a text")])
        change = Change(Action.CREATE, call.kind.KIND, call.tenant(), name, document)
        return self._written(await self._write(call, change))

    async def replace(self, call: Call) -> web.Response:
        change = Change(
            Action.REPLACE if call.must_exist() else Action.APPLY,
            call.kind.KIND,
            call.tenant(),
            call.part("name"),
            await call.document(),
            expected_revision=call.expected_revision(),
            require_absent=call.must_be_absent(),
        )
        return self._written(await self._write(call, change))

    async def patch(self, call: Call) -> web.Response:
        return self._written(await self._write(call, self._change(call, Action.PATCH, await call.document())))

    async def delete(self, call: Call) -> web.Response:
        outcome = await self._write(call, self._change(call, Action.DELETE))
        if outcome.resource is None:  # what was there could not be read
            tenant, kind, name = outcome.name
            metadata = {"tenant": tenant, "name": name}
            return json_answer({"apiVersion": "isthmus.dev/v1", "kind": kind, "metadata": metadata})
        return json_answer(show_bare(outcome.resource))

    async def history(self, call: Call) -> web.Response:
        entries = await self._resources.history(call.kind.KIND, call.tenant(), call.part("name"))
        items = tuple(
            HistoryEntry(
                revision=entry.revision,
                generation=entry.generation,
                time=entry.time,
                actor=entry.actor,
                action=entry.action,
                resource=show_bare(entry.resource) if entry.resource else None,
            )
            for entry in entries
        )
        return answer(History(items=items))

    async def rollback(self, call: Call) -> web.Response:
        request = parse_request(RollbackRequest, await call.document())
        resource = await self._resources.rollback(
            call.kind.KIND,
            call.tenant(),
            call.part("name"),
            to_revision=request.revision,
            actor=call.actor,
            dry_run=call.query.flag("dryRun"),
        )
        return json_answer(View(self._catalog).show(resource), revision=resource.metadata.revision)

    @staticmethod
    def _change(call: Call, action: Action, document: dict[str, object] | None = None) -> Change:
        expected = call.expected_revision()
        return Change(action, call.kind.KIND, call.tenant(), call.part("name"), document, expected)

    async def _write(self, call: Call, change: Change) -> Outcome:
        result = await self._resources.write(
            [change],
            actor=call.actor,
            dry_run=call.query.flag("dryRun"),
            allow_skew=call.query.flag("allowSkew"),
        )
        return result.outcomes[0]

    def _written(self, outcome: Outcome) -> web.Response:
        if outcome.resource is None:
            raise StoredInvalid(f"{outcome.name} was written and cannot be read back")
        status = 201 if outcome.action == "created" else 200
        document = View(self._catalog).show(outcome.resource)
        return json_answer(document, status=status, revision=outcome.resource.metadata.revision)
