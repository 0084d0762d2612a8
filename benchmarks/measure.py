"""The rounds: load goes to each system in turn, and the kernel says what processor time that took."""

import os
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks import nginx, wrk
from benchmarks.processes import Server, running
from benchmarks.samples import Point, Sample, Samples
from benchmarks.scenarios import write_script
from benchmarks.site import Site, issue
from benchmarks.systems import System, free_port, wait_until_it_answers

WARM_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be measured, and how often."""

    points: Sequence[Point]
    systems: Mapping[str, System]
    rounds: int
    seconds: int


class Bench:
    """Gateways have the first processor; load and upstream the last."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self._folder = folder
        self._plan = plan
        self._first, self._last = min(os.sched_getaffinity(0)), max(os.sched_getaffinity(0))

    def run(self) -> Samples:
        """Measure every system at every point."""
        samples: Samples = {}
        with ExitStack() as stack:
            upstream = self._start_upstream(stack)
            servers = [self._start(stack, name, system, upstream) for name, system in self._plan.systems.items()]
            for point in self._plan.points:
                samples[point] = self._rounds(point, servers, upstream)
        return samples

    def _rounds(self, point: Point, servers: Sequence[Server], upstream: Server) -> dict[str, list[Sample]]:
        found: dict[str, list[Sample]] = {server.name: [] for server in servers}
        for server in servers:
            self._measure(point, server, upstream, WARM_SECONDS)
        for number in range(self._plan.rounds):
            progress = f"{point.scenario} c={point.concurrency} h={point.headers}"
            print(f"bench: {progress}, round {number + 1} of {self._plan.rounds}", file=sys.stderr, flush=True)
            for server in servers:
                found[server.name].append(self._measure(point, server, upstream, self._plan.seconds))
        return found

    def _measure(self, point: Point, server: Server, upstream: Server, seconds: int) -> Sample:
        """Load `server`.

        Raises:
            RuntimeError: requests failed, so the figures would mean nothing.
        """
        script = write_script(point, self._folder)
        before, upstream_before, children = server.account(), upstream.account(), _children_seconds()
        start = time.monotonic()
        load = wrk.run(
            script,
            f"http://127.0.0.1:{server.port}",
            connections=point.concurrency,
            seconds=seconds,
            processor=self._last,
        )
        elapsed = time.monotonic() - start
        used = server.account().since(before)
        beside = upstream.account().since(upstream_before).total / 1e6 + _children_seconds() - children
        if load.failed:
            raise RuntimeError(f"{server.name}, {point}: {load.failed} of {load.requests} requests failed")
        cpu_us = used.total / load.parts
        return Sample(
            cpu_us=cpu_us,
            user_us=cpu_us * used.user_share,
            roles={role: each / load.parts for role, each in used.by_role.items()},
            rps=load.requests / load.seconds,
            p50_us=load.p50_us,
            p99_us=load.p99_us,
            load_busy=beside / elapsed,
        )

    def _start_upstream(self, stack: ExitStack) -> Server:
        site = self._site("upstream", 0)
        log = site.folder / "log"
        return stack.enter_context(
            running("upstream", nginx.upstream_command(site), site.port, processor=self._last, log=log)
        )

    def _start(self, stack: ExitStack, name: str, system: System, upstream: Server) -> Server:
        site = self._site(name, upstream.port)
        log = site.folder / "log"
        command = system.command(site)
        server = stack.enter_context(
            running(name, command, site.port, processor=self._first, log=log, role_of=system.role_of)
        )
        wait_until_it_answers(server, log)
        return server

    def _site(self, name: str, upstream: int) -> Site:
        folder = self._folder / name
        folder.mkdir()
        return Site(folder, issue(self._folder), free_port(), upstream)


def _children_seconds() -> float:
    """Processor time of children that have ended: of the load generator, as nothing else ends meanwhile."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
