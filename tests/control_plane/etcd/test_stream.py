"""Streams of a real cluster: what ends them."""

from contextlib import nullcontext
from pathlib import Path

import pytest

from control_plane.cli.etcd_binary import EtcdBinary
from control_plane.etcd.client import EtcdClient
from control_plane.etcd.errors import EtcdError, Kind
from control_plane.etcd.methods import WATCH
from control_plane.etcd.settings import EtcdSettings
from control_plane.etcd.watch import KeyRange, WatchRequests
from control_plane.etcd.watch_cursor import BROADCAST
from tests.fakes.etcd_cluster import EtcdCluster


async def test_a_member_without_a_leader_ends_a_watch_rather_than_fall_silent(
    etcd_binary: EtcdBinary, tmp_path: Path
) -> None:
    async with EtcdCluster(etcd_binary, tmp_path, size=3) as cluster:
        leader = await cluster.leader()
        alone = (leader + 1) % 3
        client = EtcdClient(EtcdSettings((cluster.endpoints[alone],)))
        requests = WatchRequests(KeyRange(b"\0", b"\0"), start_revision=1)
        stream = await client.open_stream(WATCH)
        try:
            stream.send(requests.sent())
            assert (await stream.read(2.5)).created
            for index in {0, 1, 2} - {alone}:
                cluster.pause(index)
            with pytest.raises(EtcdError, match="no leader") as caught:
                await stream.read(10)
            assert caught.value.kind is Kind.UNAVAILABLE
        finally:
            requests.stop()
            stream.close()
            await client.close()


@pytest.mark.parametrize("beats", [True, False], ids=["read", "not read"])
async def test_a_quiet_watch_is_kept_alive_while_somebody_reads_it(etcd: EtcdCluster, beats: bool) -> None:
    client = EtcdClient(EtcdSettings(etcd.endpoints))
    requests = WatchRequests(KeyRange(b"\0", b"\0"), start_revision=1 << 40)
    stream = await client.open_stream(WATCH)
    try:
        stream.send(requests.sent())
        assert (await stream.read(2.5)).created
        requests.beats = beats
        with nullcontext() if beats else pytest.raises(EtcdError, match="silent"):
            assert (await stream.read(2.5)).watch_id == BROADCAST
    finally:
        requests.stop()
        stream.close()
        await client.close()


async def test_a_stream_that_was_not_begun_cannot_be_read(etcd: EtcdCluster) -> None:
    client = EtcdClient(EtcdSettings(etcd.endpoints))
    stream = await client.open_stream(WATCH)
    with pytest.raises(EtcdError, match="not begun"):
        await stream.read(1)
    stream.close()
    await client.close()
