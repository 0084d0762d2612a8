"""Errors as clients see them: problem details. Source: RFC 9457."""

import http
import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from control_plane.errors import (
    RESTORE_UNDER_WAY,
    ControlPlaneError,
    Expired,
    RestoreUnderWay,
    StoreUnavailable,
    TooLarge,
)
from control_plane.store import base as store

CONTENT_TYPE = "application/problem+json"


class UnsupportedMediaType(ControlPlaneError):
    """The body's type is not one that is read here."""

    status = 415
    code = "unsupported_media_type"


class TooManyAttempts(ControlPlaneError):
    """Too many wrong tokens from one address, or more streams than one control plane carries."""

    status = 429
    code = "too_many_attempts"

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class IdempotencyConflict(ControlPlaneError):
    """The same `Idempotency-Key` is in use, or was used for something else."""

    status = 409
    code = "idempotency_conflict"


class RequestTimeout(ControlPlaneError):
    """The body did not come in time."""

    status = 408
    code = "request_timeout"


# aiohttp's own answers, by status: code and sentence.
HTTP_PROBLEMS: Mapping[int, tuple[str, str]] = {
    400: ("malformed", "the request cannot be read"),
    404: ("not_found", "there is no such path; /openapi.json lists all, /docs explains them"),
    405: ("method_not_allowed", "the path does not know this method; `Allow` names those that it does"),
    411: ("length_required", "the request must say how long its body is"),
    413: ("too_large", "the body is larger than 4 MiB"),
    417: ("expectation_failed", "the only expectation that is met is `100-continue`"),
}


def describe(status: int, code: str, detail: str, *, request_id: str = "", errors: object = ()) -> dict[str, Any]:
    """The document of a problem; `type` is left out, as the status and the `code` say what it is."""
    document: dict[str, Any] = {"title": http.HTTPStatus(status).phrase, "status": status, "code": code}
    document["detail"] = detail
    if errors:
        document["errors"] = errors
    if request_id:
        document["requestId"] = request_id
    return document


def describe_error(error: Exception, request_id: str = "") -> dict[str, Any]:
    """The document of what a handler raised. What is nobody's fault but ours says nothing of itself."""
    error = translate(error)
    if isinstance(error, ControlPlaneError):
        errors = [{"field": each.path, "message": each.message} for each in error.field_errors]
        return describe(error.status, error.code, error.message, request_id=request_id, errors=errors)
    if isinstance(error, web.HTTPException) and error.status in HTTP_PROBLEMS:
        code, detail = HTTP_PROBLEMS[error.status]
        return describe(error.status, code, detail, request_id=request_id)
    detail = "an error inside the control plane; its log has the request id"
    return describe(500, "internal_error", detail, request_id=request_id)


def translate(error: Exception) -> Exception:
    """The store's errors, where a handler speaks with it itself, as those of the control plane."""
    match error:
        case store.Compacted():
            return Expired(f"{error}; list again and go on from the list's revision")
        case store.UnderRestore():
            return RestoreUnderWay(RESTORE_UNDER_WAY)
        case store.Unavailable():
            return StoreUnavailable("the store cannot be reached; try again")
        case store.TooLarge():
            return TooLarge(str(error))
    return error


def problem(document: Mapping[str, Any], error: Exception | None = None) -> web.Response:
    """The answer with a problem, with the header fields that belong to it."""
    headers: dict[str, str] = {}
    match error:
        case web.HTTPMethodNotAllowed():
            headers["Allow"] = ", ".join(sorted(error.allowed_methods))
        case TooManyAttempts():
            headers["Retry-After"] = str(error.retry_after_seconds)
    match document["status"]:
        case 401:
            headers["WWW-Authenticate"] = 'Bearer realm="isthmus"'  # RFC 9110, section 11.6.1
        case 503:
            headers["Retry-After"] = "1"
    body = json.dumps(document).encode()
    return web.Response(status=document["status"], body=body, content_type=CONTENT_TYPE, headers=headers)
