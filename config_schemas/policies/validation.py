"""ValidationPolicy: what requests and answers must look like, by JSON Schema or an OpenAPI document."""

import json
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from config_schemas.base import Model
from config_schemas.policies.policy import Merge, Policy, PolicySpec

MAX_DOCUMENT_BYTES = 1_000_000  # as text in a resource, with each quote escaped: it stays below 1 MiB with the rest

Direction = Literal["Enforce", "Shadow", "Off"]
DocumentText = Annotated[str, StringConstraints(min_length=2, max_length=MAX_DOCUMENT_BYTES)]


def to_text(value: object) -> object:
    """Objects become compact JSON text; all else stays as it is.

    Raises:
        ValueError: the text is too large.
    """
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False) if isinstance(value, dict) else value
    if isinstance(text, str) and len(json.dumps(text, ensure_ascii=False).encode()) > MAX_DOCUMENT_BYTES:
        raise ValueError(f"must have at most {MAX_DOCUMENT_BYTES} bytes as JSON text, with each quote as two")
    return text


class OpenApiContract(Model):
    """An OpenAPI document 3.0 or 3.1: an object, or its text, JSON or YAML. It is kept as JSON text.

    `basePath` is the path at which clients find the paths of the document; none: that of its first server.
    `unknownOperations: Refuse` answers what the document does not have with 404 or 405.
    """

    document: DocumentText
    base_path: (
        Annotated[str, StringConstraints(pattern=r"^(/[A-Za-z0-9\-._~!$&'()*+,;=:@]+)*$", max_length=512)] | None
    ) = None
    unknown_operations: Literal["Refuse", "Allow"] = "Refuse"

    @field_validator("document", mode="before", json_schema_input_type=str | dict[str, Any])
    @classmethod
    def _as_text(cls, value: object) -> object:
        return to_text(value)


class ValidationPolicySpec(PolicySpec):
    """`openapi`, or a JSON Schema (2020-12) for all requests or answers: an object, or its text.

    `requests` and `responses` say what happens to what does not fit: `Enforce` answers 400, or 502 if the upstream's
    answer does not fit; `Shadow` counts it only. JSON bodies of more than `maxBodyBytes` are not validated: with
    `failureMode: FailClosed` they are refused, with `FailOpen` they pass.
    """

    openapi: OpenApiContract | None = None
    request_schema: DocumentText | None = None
    response_schema: DocumentText | None = None
    requests: Direction = "Enforce"
    responses: Direction = "Off"
    max_body_bytes: Annotated[int, Field(ge=1, le=4_194_304)] = 1_048_576

    @field_validator(
        "request_schema", "response_schema", mode="before", json_schema_input_type=str | dict[str, Any] | None
    )
    @classmethod
    def _as_text(cls, value: object) -> object:
        return to_text(value)

    @model_validator(mode="after")
    def _validates_something(self) -> Self:
        if self.openapi is not None and (self.request_schema is not None or self.response_schema is not None):
            raise ValueError(
                "`openapi` has the schemas of its operations: leave out `requestSchema` and `responseSchema`"
            )
        requests = self.requests != "Off" and (self.openapi is not None or self.request_schema is not None)
        responses = self.responses != "Off" and (self.openapi is not None or self.response_schema is not None)
        if not requests and not responses:
            raise ValueError(
                "nothing is validated: give `openapi`, `requestSchema` or `responseSchema`, and not `Off` for it"
            )
        return self


class ValidationPolicy(Policy):
    """What requests and answers must look like, by JSON Schema or an OpenAPI document."""

    KIND: ClassVar[str] = "ValidationPolicy"
    PLURAL: ClassVar[str] = "validationpolicies"
    MERGE: ClassVar[Merge] = "Accumulate"

    kind: Literal["ValidationPolicy"] = "ValidationPolicy"
    spec: ValidationPolicySpec
