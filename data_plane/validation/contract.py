"""What one ValidationPolicy demands of requests and of the upstream's responses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from data_plane.codecs.json_document import document_of
from data_plane.errors import BadRequest, InvalidRequest, MethodNotAllowed, NotFound, UnsupportedContent
from data_plane.exchange import Exchange, Response
from data_plane.validation.bodies import Unvalidated, check_size, check_values, inflate_request, is_json, media_type
from data_plane.validation.checker import MAX_VIOLATIONS, Checker, Violation
from data_plane.validation.operations import CompiledBody, CompiledOperation, Match, OperationTable
from data_plane.validation.parameters import Fields, cookie_fields, decoded, query_fields

Direction = Literal["Enforce", "Shadow", "Off"]
ENFORCE: Direction = "Enforce"
SHADOW: Direction = "Shadow"
OFF: Direction = "Off"
WITH_BODY = frozenset((b"POST", b"PUT", b"PATCH"))  # of which a schema without an operation demands a body
NO_FIELDS: Fields = {}


@dataclass(frozen=True, slots=True)
class Contract:
    """`name`: of the policy, `<tenant>/<name>`. Either `operations`, or schemas for all requests and responses."""

    name: str
    requests: Direction
    responses: Direction
    max_body_bytes: int
    fails_open: bool = False
    operations: OperationTable | None = field(default=None, hash=False)
    refuses_unknown: bool = True
    request_schema: Checker | None = None
    response_schema: Checker | None = None

    def judge_request(self, exchange: Exchange) -> CompiledOperation | None:
        """The operation that a request which fits asks for; None where the contract names none.

        Raises:
            GatewayError: the request does not fit.
            Unvalidated: its body is beyond the bounds.
        """
        if self.operations is None:
            if self.request_schema is not None:
                kind = media_type(exchange.request.headers.get(b"content-type"))
                body = CompiledBody({kind if is_json(kind) else "application/json": self.request_schema}, True)
                _refuse(self._body_violations(exchange, body) if _demands_body(exchange) else [])
            return None
        found = self.operations.find(exchange.api_path)
        operation = found.methods.get(exchange.request.method) if found is not None else None
        if found is None or operation is None:
            if self.refuses_unknown:
                raise _unknown(exchange, found)
            return None
        violations = parameter_violations(operation, found.values, exchange)
        if operation.body is not None:
            try:
                violations += self._body_violations(exchange, operation.body)
            except Unvalidated:
                _refuse(violations)  # the parameters hold for every body
                raise
        elif exchange.request.body:
            violations.append(Violation(f"{operation.name} takes no body"))
        _refuse(violations)
        return operation

    def operation_of(self, exchange: Exchange) -> CompiledOperation | None:
        """The operation that a request asks for, whether it fits or not."""
        found = self.operations.find(exchange.api_path) if self.operations is not None else None
        return found.methods.get(exchange.request.method) if found is not None else None

    def _body_violations(self, exchange: Exchange, said: CompiledBody) -> list[Violation]:
        request = exchange.request
        if not request.body:
            return [Violation("a body is required")] if said.is_required else []
        kind = media_type(request.headers.get(b"content-type"))
        if not said.contents:
            return []
        if not said.has(kind):
            raise UnsupportedContent(f"'{kind[:64]}' is not taken; send one of {', '.join(sorted(said.contents))}")
        checker = said.checker(kind)
        if checker is None or not is_json(kind):
            return []
        check_size(request.body, self.max_body_bytes)
        inflate_request(exchange, self.max_body_bytes)
        values = check_values(request.body, checker)
        return checker.violations(document_of(exchange), values)

    def response_checker(
        self, operation: CompiledOperation | None, exchange: Exchange, response: Response
    ) -> tuple[Checker | None, list[Violation]]:
        """What judges the body, if it is to be judged, and what the head has wrong."""
        kind = media_type(_header(response, b"content-type"))
        has_body = exchange.request.method != b"HEAD" and response.status not in (204, 304)
        if operation is None:
            is_judged = self.operations is None and has_body and 200 <= response.status < 300 and is_json(kind)
            return self.response_schema if is_judged else None, []
        said = operation.response(response.status)
        if said is None:
            return None, [Violation(f"{operation.name} has no response with status {response.status}")]
        if not said.contents or not has_body:
            return None, []
        if not said.has(kind):
            return None, [Violation(f"{operation.name} answers {response.status} without media type '{kind[:64]}'")]
        return said.checker(kind) if is_json(kind) else None, []


def coding_of(response: Response) -> bytes | None:
    """The content coding of a response."""
    return _header(response, b"content-encoding")


def parameter_violations(
    operation: CompiledOperation, path_values: Mapping[str, bytes], exchange: Exchange
) -> list[Violation]:
    """What the parameters of a request have wrong."""
    request = exchange.request
    places = {each.parameter.place for each in operation.parameters}
    try:
        fields: dict[str, Fields] = {
            "path": {name: [decoded(value)] for name, value in path_values.items()},
            "query": query_fields(request.query) if "query" in places else NO_FIELDS,
            "cookie": cookie_fields(request.headers.get(b"cookie")) if "cookie" in places else NO_FIELDS,
        }
    except BadRequest as error:
        return [Violation(error.message)]
    violations: list[Violation] = []
    for each in operation.parameters:
        said = each.parameter
        if said.place == "header":
            header = request.headers.get(said.name.encode())
            violations += each.violations({} if header is None else {said.name: [header.decode("latin-1")]})
        else:
            violations += each.violations(fields[said.place])
    return violations


def _demands_body(exchange: Exchange) -> bool:
    return bool(exchange.request.body) or exchange.request.method in WITH_BODY


def _refuse(violations: list[Violation]) -> None:
    if violations:
        first = violations[0]
        where = f"{first.place} parameter `{first.name}`" if first.place else first.pointer or "the request"
        more = f", and {len(violations) - 1} more" if len(violations) > 1 else ""
        listed = [each.as_json() for each in violations[:MAX_VIOLATIONS]]
        raise InvalidRequest(f"{where}: {first.detail}{more}", violations=listed)


def _unknown(exchange: Exchange, found: Match | None) -> NotFound | MethodNotAllowed:
    if found is None:
        return NotFound("the API has no such path")
    method = exchange.request.method.decode()
    return MethodNotAllowed(
        f"'{method}' is not a method of this path", allowed=[each.decode() for each in sorted(found.methods)]
    )


def _header(response: Response, name: bytes) -> bytes | None:
    return next((value for each, value in response.headers if each.lower() == name), None)
