"""Resources as answers show them: with revision and computed status."""

from collections.abc import Mapping
from typing import Any

from config_schemas.base import Resource
from config_schemas.canonical import resource_path, to_document
from control_plane.admission.references import references
from control_plane.api.schema import Condition, ResourceStatus
from control_plane.distribution.catalog import Catalog
from control_plane.distribution.programmed import Programming

NAMED_REFERENCES = 5  # in a message


class View:
    """Status as of now; make a new one for each answer."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._programming = Programming(catalog)

    def show(self, resource: Resource) -> dict[str, Any]:
        """The document of a resource that is in the store."""
        document = show_bare(resource)
        document["status"] = ResourceStatus(conditions=self._conditions(resource, document)).model_dump(by_alias=True)
        return document

    def _conditions(self, resource: Resource, document: Mapping[str, Any]) -> tuple[Condition, ...]:
        generation = resource.metadata.generation
        accepted = Condition(
            type="Accepted",
            status="True",
            observed_generation=generation,
            reason="Valid",
            message="it passed admission and is in the store",
        )
        return accepted, self._resolved(document, generation), self._programmed(resource)

    def _resolved(self, document: Mapping[str, Any], generation: int) -> Condition:
        refs = references(document)
        missing = [ref for ref in refs if self._catalog.state.find(ref.path) is None]
        if missing and self._is_behind(document["metadata"]["revision"]):
            missing = []  # admission has seen to it; this control plane's memory has not caught up
        if not missing:
            message = f"all {len(refs)} references exist" if refs else "it refers to nothing"
            return Condition(
                type="ResolvedRefs", status="True", observed_generation=generation, reason="Resolved", message=message
            )
        named = ", ".join(f"`{ref.field}` names {ref.path}" for ref in missing[:NAMED_REFERENCES])
        return Condition(
            type="ResolvedRefs",
            status="False",
            observed_generation=generation,
            reason="NotFound",
            message=f"{named}: not in the store",
        )

    def _programmed(self, resource: Resource) -> Condition:
        if self._is_behind(resource.metadata.revision):
            status, reason, message = "False", "Pending", "not distributed yet"
        else:
            found = self._programming.condition(resource_path(resource))
            status, reason, message = found.status, found.reason, found.message
        return Condition.model_validate(
            {
                "type": "Programmed",
                "status": status,
                "observedGeneration": resource.metadata.generation,
                "reason": reason,
                "message": message,
            }
        )

    def _is_behind(self, revision: int) -> bool:
        return self._catalog.revision < revision


def show_bare(resource: Resource) -> dict[str, Any]:
    """The document of a resource that is not, or no longer, in the store: without status."""
    document = to_document(resource)
    if resource.metadata.revision:
        document["metadata"]["revision"] = resource.metadata.revision
    return document
