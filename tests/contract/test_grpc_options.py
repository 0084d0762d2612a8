"""gRPC ignores an option whose name it does not know, so every name of ours is looked up in the library."""

import importlib
from pathlib import Path

from control_plane.distribution.server import OPTIONS
from control_plane.etcd.endpoints import CHANNEL_OPTIONS as ETCD_OPTIONS
from data_plane.agent.renewal import CHANNEL_OPTIONS as DISCOVERY_OPTIONS

OURS = {name for name, _ in (*OPTIONS, *ETCD_OPTIONS, *DISCOVERY_OPTIONS)}


def test_every_option_is_one_that_the_library_reads() -> None:
    library = importlib.import_module("grpc._cython.cygrpc").__file__
    assert library
    content = Path(library).read_bytes()
    assert [name for name in sorted(OURS) if name.encode() + b"\0" not in content] == []


def test_replicas_may_ping_as_often_as_they_do() -> None:
    allowed = dict(OPTIONS)["grpc.http2.min_ping_interval_without_data_ms"]
    assert allowed < dict(DISCOVERY_OPTIONS)["grpc.keepalive_time_ms"]
