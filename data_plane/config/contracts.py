"""What is made of a ValidationPolicy: the contract that its filter judges by."""

from collections.abc import Generator

from config_schemas.contracts.schema_graph import Unfit
from config_schemas.contracts.schema_view import Part
from data_plane.config import structs
from data_plane.config.rejection import Rejected
from data_plane.validation.checker import Checker
from data_plane.validation.compile import compile_openapi, compile_schema
from data_plane.validation.contract import OFF, SHADOW, Contract
from data_plane.validation.operations import OperationTable


def make_contract(policy: structs.ValidationPolicy) -> Generator[None, None, Contract]:
    """Yields whenever other work may run. A step takes milliseconds: parsing a document, or compiling one schema.

    Raises:
        Rejected: a document cannot be used.
    """
    spec, metadata = policy.spec, policy.metadata
    operations: OperationTable | None = None
    schemas: dict[Part, Checker] = {}
    field = "openapi.document"
    try:
        if spec.openapi is not None:
            parts: list[Part] = []
            if spec.requests != OFF:
                parts.append("requests")
            if spec.responses != OFF:
                parts.append("responses")
            operations = yield from compile_openapi(spec.openapi.document, spec.openapi.base_path, parts)
        if spec.request_schema is not None and spec.requests != OFF:
            field = "requestSchema"
            schemas["requests"] = yield from compile_schema(spec.request_schema, "requests")
        if spec.response_schema is not None and spec.responses != OFF:
            field = "responseSchema"
            schemas["responses"] = yield from compile_schema(spec.response_schema, "responses")
    except Unfit as error:
        raise Rejected(f"`spec.{field}`: {error}") from None
    is_shadow = spec.mode == SHADOW
    return Contract(
        f"{metadata.tenant}/{metadata.name}",
        SHADOW if is_shadow and spec.requests != OFF else spec.requests,
        SHADOW if is_shadow and spec.responses != OFF else spec.responses,
        spec.max_body_bytes,
        spec.failure_mode == "FailOpen",
        operations,
        spec.openapi is None or spec.openapi.unknown_operations == "Refuse",
        schemas.get("requests"),
        schemas.get("responses"),
    )
