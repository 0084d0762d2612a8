"""Explains which policies are in force for a request."""

import json
import logging
from collections.abc import Iterator
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from config_schemas.base import PLATFORM_TENANT
from config_schemas.policies.merge import Part, PolicyView, Verdict, explain
from config_schemas.policies.policy import TargetKind
from config_schemas.registry import POLICY_KINDS
from control_plane.api.call import Call, answer
from control_plane.api.query import Query
from control_plane.api.schema import PolicyExplanation, PolicyVerdict
from control_plane.distribution.catalog import Catalog
from control_plane.distribution.item import kind_of
from control_plane.errors import NotFound

logger = logging.getLogger(__name__)


class PolicyEndpoint:
    """Answers from memory, with the function that data planes merge with."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    async def explain(self, call: Call) -> web.Response:
        tenant = call.query.text("tenant") or "default"
        parts = _Parts(self._catalog, tenant).of(call.query)
        merges = {name: kind.MERGE for name, kind in POLICY_KINDS.items()}
        verdicts = explain(self._policies(tenant), parts, merges)
        return answer(PolicyExplanation(items=tuple(map(_show, verdicts))))

    def _policies(self, tenant: str) -> Iterator[PolicyView]:
        for owner in dict.fromkeys((PLATFORM_TENANT, tenant)):
            for path, item in self._catalog.state.of_tenant(owner).items():
                if (kind := POLICY_KINDS.get(kind_of(path))) is None:
                    continue
                try:
                    yield PolicyView.of(kind.model_validate_json(item.payload))  # type: ignore[arg-type]  # each has `kind`
                except ValidationError:
                    logger.warning("stored_policy_invalid resource=%s", path)


class _Parts:
    """The parts of a request that a query names."""

    def __init__(self, catalog: Catalog, tenant: str) -> None:
        self._catalog = catalog
        self._tenant = tenant

    def of(self, query: Query) -> list[Part]:
        """What the named ones imply comes with them: a credential's application, its team, a route's service.

        Raises:
            NotFound: one of them is not there.
        """
        tenant = self._read(PLATFORM_TENANT, "Tenant", self._tenant) if self._tenant != PLATFORM_TENANT else {}
        parts = [Part("Tenant", self._tenant, self._tenant, _labels(tenant))]
        if gateway := query.text("gateway"):
            parts.append(self._part("Gateway", PLATFORM_TENANT, gateway)[0])
        application, service = query.text("application"), query.text("service")
        version = query.text("version") or None
        if credential := query.text("credential"):
            part, document = self._part("Credential", self._tenant, credential)
            parts.append(part)
            application = application or document["spec"]["applicationRef"]["name"]
        if application:
            part, document = self._part("Application", self._tenant, application)
            parts.append(part)
            if team := document["spec"].get("teamRef"):
                parts.append(self._part("Team", self._tenant, team["name"])[0])
        if route := query.text("route"):
            part, document = self._part("Route", self._tenant, route)
            parts.append(part)
            service = service or document["spec"].get("serviceRef", {}).get("name", "")
        if model := query.text("model"):
            parts.append(self._part("Model", self._tenant, model, version)[0])
        if service:
            parts.append(self._part("Service", self._tenant, service, version)[0])
        return parts

    def _part(
        self, kind: TargetKind, tenant: str, name: str, section: str | None = None
    ) -> tuple[Part, dict[str, Any]]:
        document = self._read(tenant, kind, name)
        return Part(kind, document["metadata"]["tenant"], name, _labels(document), section), document

    def _read(self, tenant: str, kind: str, name: str) -> dict[str, Any]:
        """In the tenant, or shared by the platform."""
        for owner in (tenant, PLATFORM_TENANT):
            if item := self._catalog.state.find(f"{owner}/{kind}/{name}"):
                document: dict[str, Any] = json.loads(item.payload)
                return document
        raise NotFound(f"{kind} '{name}' does not exist in tenant '{tenant}'")


def _labels(document: dict[str, Any]) -> dict[str, str]:
    labels: dict[str, str] = document.get("metadata", {}).get("labels", {})
    return labels


def _show(verdict: Verdict) -> PolicyVerdict:
    return PolicyVerdict(
        policy=verdict.policy.path,
        kind=verdict.policy.kind,
        through=verdict.through,
        effective=verdict.is_effective,
        lost_to=verdict.lost_to,
        reason=verdict.reason,
    )
