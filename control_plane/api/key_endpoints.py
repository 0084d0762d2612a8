"""API keys of applications."""

from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from config_schemas.base import Resource
from config_schemas.canonical import to_document
from config_schemas.identity.credential import Credential
from control_plane.api.call import Call, answer, json_answer, parse_request
from control_plane.api.schema import KeyCreated, KeyRequest, ResourceItems
from control_plane.api.view import View, show_bare
from control_plane.distribution.catalog import Catalog
from control_plane.errors import FieldError, Invalid, NotFound
from control_plane.identity.keys import ApiKeys
from control_plane.store.changes import Action, Change
from control_plane.store.index import Index
from control_plane.store.resources import Resources

MAX_LISTED = 1000
KIND = Credential.KIND


class KeyEndpoints:
    """Keys are Credentials; only what makes one knows the key itself."""

    def __init__(self, resources: Resources, index: Index, catalog: Catalog, *, now: Callable[[], datetime]) -> None:
        self._resources = resources
        self._index = index
        self._catalog = catalog
        self._keys = ApiKeys()
        self._now = now

    async def create(self, call: Call) -> web.Response:
        request = parse_request(KeyRequest, await call.document())
        if request.expires_at and not self._is_to_come(request.expires_at):
            message = "must be a time to come, such as '2027-12-31T00:00:00Z'"
            raise Invalid(f"`expiresAt` {message}", [FieldError("expiresAt", message)])
        tenant, application = call.tenant(), call.part("application")
        await self._resources.get("Application", tenant, application)
        new = self._keys.create(tenant, application, description=request.description, expires_at=request.expires_at)
        change = Change(Action.CREATE, KIND, tenant, new.credential.metadata.name, to_document(new.credential))
        result = await self._resources.write([change], actor=call.actor)
        await self._index.wait_for(result.revision)  # so that it is in the list that is asked for next
        written = result.outcomes[0].resource or new.credential
        return answer(KeyCreated(key=new.key, credential=show_bare(written)), status=201)

    async def list(self, call: Call) -> web.Response:
        tenant, application = call.tenant(), call.part("application")
        await self._resources.get("Application", tenant, application)
        paths = sorted(self._index.referrers_of(f"{tenant}/Application/{application}"))
        names = [path.split("/")[2] for path in paths if path.split("/")[1] == KIND][:MAX_LISTED]
        view = View(self._catalog)
        found = [await self._find(tenant, name) for name in names]
        return answer(ResourceItems(items=tuple(view.show(each) for each in found if each)))

    async def revoke(self, call: Call) -> web.Response:
        tenant, application, name = call.tenant(), call.part("application"), call.part("credential")
        credential = await self._resources.get(KIND, tenant, name)
        if not isinstance(credential, Credential) or credential.spec.application_ref.name != application:
            raise NotFound(f"application '{application}' has no key '{name}'")
        change = Change(Action.PATCH, KIND, tenant, name, {"spec": {"state": "Revoked"}})
        outcome = (await self._resources.write([change], actor=call.actor)).outcomes[0]
        shown = outcome.resource or credential
        return json_answer(View(self._catalog).show(shown), revision=shown.metadata.revision)

    def _is_to_come(self, time: str) -> bool:
        try:
            return datetime.fromisoformat(time) > self._now()
        except ValueError:  # its form is right, but there is no such date
            return False

    async def _find(self, tenant: str, name: str) -> Resource | None:
        try:
            return await self._resources.get(KIND, tenant, name)
        except NotFound:
            return None  # deleted since the index was asked
