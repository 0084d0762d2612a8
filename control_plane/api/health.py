"""Health and metrics: whether the process lives, whether it is ready, and what it counts."""

from collections.abc import Callable, Mapping

from aiohttp import web

from control_plane.api.call import Call, answer
from control_plane.api.schema import Health
from control_plane.metrics import CONTENT_TYPE, Metrics, Value


class Readiness:
    """`missing` says what a control plane that starts still waits for; empty: nothing. Once ready, it stays so:
    without a store, replicas are served from memory.
    """

    def __init__(self) -> None:
        self.missing = "the store has not been reached yet"

    async def healthz(self, call: Call) -> web.Response:
        return answer(Health(status="ok"))

    async def readyz(self, call: Call) -> web.Response:
        return self.answer()

    def answer(self) -> web.Response:
        return answer(Health(status=self.missing or "ok"), status=503 if self.missing else 200)


def make_health_app(
    readiness: Readiness, metrics: Metrics, gauges: Callable[[], Mapping[str, tuple[str, Value]]]
) -> web.Application:
    """For a listener of its own, which needs no token."""

    async def healthz(_: web.Request) -> web.Response:
        return answer(Health(status="ok"))

    async def readyz(_: web.Request) -> web.Response:
        return readiness.answer()

    async def metrics_page(_: web.Request) -> web.Response:
        return web.Response(body=metrics.page(gauges()).encode(), headers={"Content-Type": CONTENT_TYPE})

    app = web.Application(client_max_size=1024)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics_page)
    return app
