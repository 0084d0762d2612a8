"""What a process compiles and serves with, apart from configuration: it outlives every revision."""

import time

from data_plane.clock import wall_clock
from data_plane.config.compiler import Compiler
from data_plane.config.plans import Tools
from data_plane.deadlines import Deadlines
from data_plane.ingress.id_fields import request_id
from data_plane.observability.metrics import Metrics
from data_plane.telemetry.record import Origin, Recorder
from data_plane.telemetry.sender import Sender
from data_plane.upstream.dispatch import Dispatchers
from data_plane.upstream.pool import Pools


class Equipment:
    """Of one process. An agent has some, too, since it compiles; it serves nothing with it."""

    def __init__(self, deadlines: Deadlines, sender: Sender, origin: Origin) -> None:
        self.metrics = Metrics()
        self._pools = Pools(deadlines)
        self._origin = origin
        self._tools = Tools(
            Dispatchers(self._pools),
            Recorder(sender, origin, wall_clock),
            self.metrics,
            wall_clock,
            request_id,
        )
        self.watched = self._tools.watched

    def compiler(self) -> Compiler:
        return Compiler(self._tools, self._origin.gateway, time.perf_counter)

    def close(self) -> None:
        """Close idle connections, and the thread that counts tokens."""
        self._pools.close()
        self._tools.counter.close()
