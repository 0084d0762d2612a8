"""The rounds: load goes to each system in turn, and the kernel says what processor time that took."""

import os
import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

from benchmarks import nginx, wrk
from benchmarks.load import Generator, Load
from benchmarks.processes import Server, running
from benchmarks.samples import Point, Sample, Samples
from benchmarks.scenarios import HALF, SCENARIOS, Kind, Wiring, requests_of, write_script
from benchmarks.site import Certificates, Site, issue
from benchmarks.systems import System, free_port, wait_until_it_answers, wait_until_it_listens
from scripts.tools import ToolMissing

WARM_SECONDS = 1
UPSTREAM = "upstream"
MEBIBYTE = 1024 * 1024
MAX_RATE = 12_000  # requests a second: beyond, the load generator's own waiting shows in the latencies


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be measured, and how often."""

    points: Mapping[Point, int]  # rounds of each
    systems: Mapping[str, System]
    seconds: int


@dataclass(frozen=True, slots=True)
class Place:
    """One point at one system, with what stands around it."""

    point: Point
    server: Server
    upstream: Server
    tls: bool


@dataclass(slots=True)
class Bench:
    """Gateways have the first processor; load and upstream the last.

    A system that does not start is missing in what is wired that way; one that fails twice, at that point. The others
    are measured all the same, as a full run takes minutes.
    """

    folder: Path
    plan: Plan
    watch: Callable[[Server], AbstractContextManager[None]] = lambda _: nullcontext()  # around each that counts
    samples: Samples = field(default_factory=dict)  # of the points that are done
    absent: dict[str, str] = field(default_factory=dict)  # why a system is not in the table
    failures: list[str] = field(default_factory=list)
    _rates: dict[str, float] = field(default_factory=dict)  # what a system reached in a closed loop
    _started: int = 0
    _certificates: Certificates = field(init=False)

    def __post_init__(self) -> None:
        self._certificates = issue(self.folder)

    def run(self) -> None:
        """Measure every system at every point."""
        for wiring, group in groupby(self.plan.points, lambda point: SCENARIOS[point.scenario].wiring):
            with ExitStack() as stack:
                upstream = self._start_upstream(stack, wiring)
                servers = self._start_systems(stack, wiring, upstream)
                for point in group:
                    measured = [upstream] if SCENARIOS[point.scenario].kind is Kind.UPSTREAM else servers
                    places = [Place(point, server, upstream, wiring.tls_in) for server in measured]
                    self.samples[point] = self._rounds(places, self.plan.points[point]) if places else {}

    def _rounds(self, places: Sequence[Place], rounds: int) -> dict[str, list[Sample]]:
        point = places[0].point
        kind = SCENARIOS[point.scenario].kind
        measure = {Kind.HALF_LOAD: self._half_load, Kind.IDLE: self._idle}.get(kind, self._loaded)
        found: dict[str, list[Sample]] = {place.server.name: [] for place in places}
        if kind is not Kind.IDLE:
            for place in places:
                if self._measured(self._loaded, place, WARM_SECONDS) is None:
                    del found[place.server.name]
        for number in range(rounds):
            progress = f"{point.scenario} c={point.concurrency} h={point.headers}"
            print(f"bench: {progress}, round {number + 1} of {rounds}", file=sys.stderr, flush=True)
            for place in places:
                if place.server.name in found:
                    with self.watch(place.server):
                        sample = self._measured(measure, place, self.plan.seconds)
                    if sample is None:
                        del found[place.server.name]
                    else:
                        found[place.server.name].append(sample)
        return found

    def _measured(self, measure: Callable[[Place, float], Sample], place: Place, seconds: float) -> Sample | None:
        """Measure; once more if that fails, as a machine that stood still for seconds fails requests of any system."""
        for attempt in ("once more", "left out"):
            try:
                return measure(place, seconds)
            except RuntimeError as error:
                failure = f"{place.server.name}, {place.point.scenario}, {attempt}: {error}"
                print(f"bench: {failure}", file=sys.stderr, flush=True)
        self.failures.append(failure)
        return None

    def _loaded(self, place: Place, seconds: float) -> Sample:
        """A closed loop, or paced streams."""
        if SCENARIOS[place.point.scenario].kind is Kind.STREAMS:
            return self._sample(place, lambda: self._generator(place).run("streams", seconds))
        sample = self._sample(place, lambda: self._closed(place, seconds))
        self._rates[place.server.name] = sample.rps
        return sample

    def _closed(self, place: Place, seconds: float) -> Load:
        url = f"http{'s' if place.tls else ''}://127.0.0.1:{place.server.port}"
        script = write_script(place.point, self.folder)
        return wrk.run(script, url, connections=place.point.concurrency, seconds=seconds, processor=self._last)

    def _half_load(self, place: Place, seconds: float) -> Sample:
        """Half of what the closed loop of the warm-up reached, first without the gateway, then through it."""
        rate = min(MAX_RATE, self._rates.get(place.server.name, 0.0) * HALF)
        if not rate:
            raise RuntimeError("without the closed loop of the warm-up there is no rate")
        straight = self._generator(replace(place, server=place.upstream)).run("rate", seconds, rate)
        sample = self._sample(place, lambda: self._generator(place).run("rate", seconds, rate))
        added = {
            "added_p50_us": sample.p50_us - straight.p50_us,
            "added_p99_us": sample.p99_us - straight.p99_us,
        }
        return replace(sample, extra={**sample.extra, **added})

    def _idle(self, place: Place, _: float) -> Sample:
        """Memory with and without the connections."""
        before = place.server.resident_bytes()
        with self._generator(place).idle():
            each = (place.server.resident_bytes() - before) / place.point.concurrency
        return Sample(0.0, 0.0, {}, 0.0, 0.0, 0.0, extra={"bytes_per_connection": each, "rss_mib": before / MEBIBYTE})

    def _generator(self, place: Place) -> Generator:
        request = self.folder / f"{place.point.scenario}.{place.point.headers}.request"
        request.write_bytes(requests_of(place.point)[0])
        return Generator(place.server.port, request, place.point.concurrency, self._last)

    def _sample(self, place: Place, run: Callable[[], Load]) -> Sample:
        """The figures of one load.

        Raises:
            RuntimeError: requests failed, so the figures would mean nothing.
        """
        server, upstream = place.server, place.upstream
        before, upstream_before, children = server.account(), upstream.account(), _children_seconds()
        start = time.monotonic()
        load = run()
        elapsed = time.monotonic() - start
        used = server.account().since(before)
        beside = upstream.account().since(upstream_before).total / 1e6 + _children_seconds() - children
        if load.failed or not load.parts:
            raise RuntimeError(f"{server.name}, {place.point}: {load.failed} of {load.requests} requests failed")
        cpu_us = used.total / load.parts
        return Sample(
            cpu_us=cpu_us,
            user_us=cpu_us * used.user_share,
            roles={role: each / load.parts for role, each in used.by_role.items()},
            rps=load.parts / load.seconds,
            p50_us=load.p50_us,
            p99_us=load.p99_us,
            load_busy=beside / elapsed,
            extra={"rss_mib": server.resident_bytes() / MEBIBYTE},
        )

    def _start_upstream(self, stack: ExitStack, wiring: Wiring) -> Server:
        site = self._site(UPSTREAM, Wiring(tls_in=wiring.tls_up), 0)
        log = site.folder / "log"
        streaming = [sys.executable, "-m", "benchmarks.upstream", "--port", str(site.port)]
        argv = streaming if wiring.streams else nginx.upstream_command(site)
        server = stack.enter_context(running(UPSTREAM, argv, site.port, processor=self._last, log=log))
        wait_until_it_listens(server, log)
        return server

    def _start_systems(self, stack: ExitStack, wiring: Wiring, upstream: Server) -> list[Server]:
        """Those that are to be had here."""
        servers: list[Server] = []
        for name, system in self.plan.systems.items():
            site = self._site(name, wiring, upstream.port)
            log = site.folder / "log"
            try:
                argv = system.command(site)
            except ToolMissing as missing:
                self.absent[name] = str(missing)
                print(f"bench: {name} is not installable here: {missing}", file=sys.stderr, flush=True)
                continue
            start = running(name, argv, site.port, processor=self._first, log=log, role_of=system.role_of)
            server = stack.enter_context(start)
            try:
                wait_until_it_answers(server, log, site.certificates.authority if wiring.tls_in else None)
            except RuntimeError as error:
                self.failures.append(str(error))
                print(f"bench: {error}", file=sys.stderr, flush=True)
            else:
                servers.append(server)
        return servers

    def _site(self, name: str, wiring: Wiring, upstream: int) -> Site:
        self._started += 1
        folder = self.folder / f"{self._started}-{name}"
        folder.mkdir()
        return Site(folder, self._certificates, free_port(), upstream, wiring.tls_in, wiring.tls_up)

    @property
    def _first(self) -> int:
        return min(os.sched_getaffinity(0))

    @property
    def _last(self) -> int:
        return max(os.sched_getaffinity(0))


def _children_seconds() -> float:
    """Processor time of children that have ended: of the load generator, as nothing else ends meanwhile."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
