"""Ends of certificates, and files that change."""

import asyncio
from pathlib import Path

import pytest

from data_plane.agent import certificate_watch
from data_plane.agent.certificate_files import CertificateFiles
from data_plane.agent.certificate_watch import DAY_SECONDS, CertificateWatch
from data_plane.config.certificate import Certificate, TlsSettings, read_certificate
from tests.fakes.certificates import pair

CERTIFICATE = read_certificate("platform/Secret/edge", *pair("a.example"))


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def test_what_ends_soon_is_told_once_a_day(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock(CERTIFICATE.not_after - 15 * DAY_SECONDS)
    watch = CertificateWatch(CertificateFiles(()), lambda: TlsSettings((CERTIFICATE,)), clock)
    assert watch.seconds_left() == [("platform/Secret/edge", 15 * DAY_SECONDS)]
    warnings = []
    for _ in range(6):
        watch.warn()
        warnings.append(len(caplog.records))
        clock.now += DAY_SECONDS / 2
    assert warnings == [0, 0, 0, 1, 1, 2]
    assert "name=platform/Secret/edge days=13.5" in caplog.records[0].getMessage()


@pytest.mark.parametrize("by_itself", [True, False], ids=["by itself", "when told to look"])
async def test_files_that_change_are_handed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_itself: bool
) -> None:
    monkeypatch.setattr(certificate_watch, "WATCH_SECONDS", 0.01 if by_itself else 60.0)
    for suffix, content in zip((".crt", ".key"), pair("a.example"), strict=True):
        (tmp_path / f"a{suffix}").write_bytes(content)
    files = CertificateFiles([str(tmp_path)])
    files.load()
    changes: asyncio.Queue[tuple[Certificate, ...]] = asyncio.Queue()
    watch = CertificateWatch(files, TlsSettings, Clock(0.0))
    running = asyncio.get_running_loop().create_task(watch.run(changes.put_nowait))
    for suffix, content in zip((".crt", ".key"), pair("b.example"), strict=True):
        (tmp_path / f"b{suffix}").write_bytes(content)
    if not by_itself:
        watch.look()
    changed = await asyncio.wait_for(changes.get(), 5.0)
    assert [each.dns_names for each in changed] == [("a.example",), ("b.example",)]
    running.cancel()
