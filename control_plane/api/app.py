"""The REST API as an aiohttp application: routes from the table of operations, and what every request goes through."""

import logging
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from control_plane.admission.limits import MAX_REQUEST_BYTES
from control_plane.api import openapi
from control_plane.api.authentication import Authentication
from control_plane.api.call import Call, Endpoint
from control_plane.api.explorer import add_explorer
from control_plane.api.idempotency import Idempotency
from control_plane.api.operations import OPERATIONS, Operation
from control_plane.api.problem import describe_error, problem
from control_plane.api.query import Query
from control_plane.errors import ControlPlaneError
from control_plane.identity.actor import Actor
from control_plane.metrics import Metrics
from control_plane.store.base import StoreError

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
SECURITY_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_ID = web.RequestKey("id", str)
_ACTOR = web.RequestKey("actor", str)

access_log = logging.getLogger("control_plane.access")
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Gate:
    """What every operation goes through. `now` is monotonic, in seconds."""

    authentication: Authentication
    idempotency: Idempotency
    metrics: Metrics
    now: Callable[[], float]


def make_app(gate: Gate, endpoints: Mapping[str, Endpoint]) -> web.Application:
    """`endpoints` by the operations' `action`.

    Raises:
        ValueError: an operation has no endpoint.
    """
    app = web.Application(client_max_size=MAX_REQUEST_BYTES, middlewares=[_outermost(gate)])
    missing = {operation.action for operation in OPERATIONS} - endpoints.keys()
    if missing:
        raise ValueError(f"no endpoints for {sorted(missing)}")
    for operation in OPERATIONS:
        handler = _handler(gate, operation, endpoints[operation.action])
        app.router.add_route(operation.method, operation.path, handler, name=operation.id)
    app.router.add_get("/openapi.json", _openapi)
    add_explorer(app)
    return app


def _handler(gate: Gate, operation: Operation, endpoint: Endpoint) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        actor = Actor("anonymous")
        if operation.scope:
            actor = await gate.authentication.authenticate(request, operation.scope, from_memory=operation.from_memory)
            actor = replace(actor, request_id=request[_ID])
            request[_ACTOR] = actor.id
        call = Call(request, operation, actor, Query(request.query, operation.query))
        if "Idempotency-Key" in operation.headers and "Idempotency-Key" in request.headers:
            return await gate.idempotency.once(call, lambda: endpoint(call))
        return await endpoint(call)

    return handle


def _outermost(gate: Gate) -> Middleware:
    @web.middleware
    async def serve(request: web.Request, handler: Handler) -> web.StreamResponse:
        started = gate.now()
        request_id = request[_ID] = _request_id(request)
        request[_ACTOR] = "-"
        status = 499  # the client went away
        try:
            response = await _answer(request, handler)
            status = response.status
            return response
        finally:
            _record(gate.metrics, request, status, gate.now() - started, request_id)

    return serve


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        response = await handler(request)
    except (ControlPlaneError, StoreError, web.HTTPException) as error:
        response = problem(describe_error(error, request[_ID]), error)
    except Exception as error:
        logger.exception("request_failed id=%s method=%s path=%s", request[_ID], request.method, request.path)
        response = problem(describe_error(error, request[_ID]))
    if not response.prepared:
        response.headers["X-Request-Id"] = request[_ID]
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        if request.path.startswith("/v1/"):
            response.headers.setdefault("Cache-Control", "no-store")
    return response


def _request_id(request: web.Request) -> str:
    given = request.headers.get("X-Request-Id", "")
    return given if REQUEST_ID.fullmatch(given) else secrets.token_hex(12)


def _record(metrics: Metrics, request: web.Request, status: int, seconds: float, request_id: str) -> None:
    resource = request.match_info.route.resource
    route = resource.canonical if resource else "unknown"
    metrics.requests.add(method=_method(request.method), route=route, status=str(status))
    if "watch" not in request.query and route != "/v1/events":
        metrics.request_seconds.observe(seconds, method=_method(request.method), route=route)
    # Neither the query nor headers: both may hold what was meant to stay secret.
    access_log.info(
        "request id=%s actor=%s peer=%s method=%s path=%r status=%d seconds=%.4f",
        request_id,
        request[_ACTOR],
        request.remote,
        _method(request.method),
        request.path,
        status,
        seconds,
    )


def _method(method: str) -> str:
    return method if method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS") else "other"


async def _openapi(_: web.Request) -> web.Response:
    return web.Response(text=openapi.text(), content_type="application/json", headers={"Cache-Control": "no-cache"})
