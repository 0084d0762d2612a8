"""Certificate files that are exchanged: what is taken into use, and what is not."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from control_plane.certificate_files import CertificateError, CertificateFiles, CertificatePaths
from control_plane.certificate_watch import DAY_SECONDS, CertificateWatch, Watched
from control_plane.cli.pki import Authority
from tests.fakes.mounted import MountedSecret

NOW = datetime(2026, 11, 24, tzinfo=UTC)
AUTHORITY = Authority.create(NOW)


class Mounted:
    """A mounted Secret of cert-manager, and the reader of its files."""

    def __init__(self, folder: Path, days: int = 30) -> None:
        self.now = NOW.timestamp()
        self.secret = MountedSecret(folder / "mounted")
        self.issue(days)
        paths = CertificatePaths("discovery", self.secret / "tls.crt", self.secret / "tls.key", self.secret / "ca.crt")
        self.files = CertificateFiles(paths, lambda: self.now)

    def issue(self, days: int = 30, *authorities: Authority) -> None:
        pair = AUTHORITY.issue_server(["localhost"], NOW, days)
        bundle = b"".join(each.pair.certificate for each in (AUTHORITY, *authorities))
        self.secret.write(tls_crt=pair.certificate, tls_key=pair.key, ca_crt=bundle)


@pytest.fixture
def mounted(tmp_path: Path) -> Mounted:
    return Mounted(tmp_path)


def test_files_that_a_link_exchanges_are_taken_into_use_together(mounted: Mounted) -> None:
    before = mounted.files.current
    assert mounted.files.refresh() is before
    mounted.issue(60)
    after = mounted.files.refresh()
    assert after is mounted.files.current
    assert (after.certificate != before.certificate, after.key != before.key, after.ends) == (
        True,
        True,
        (NOW + timedelta(days=60)).timestamp(),
    )
    assert (mounted.files.reloads, mounted.files.failures) == (1, 0)


def _other_key(mounted: Mounted) -> None:
    pair, other = (AUTHORITY.issue_server(["localhost"], NOW) for _ in range(2))
    mounted.secret.write(tls_crt=pair.certificate, tls_key=other.key, ca_crt=AUTHORITY.pair.certificate)


def _half_a_certificate(mounted: Mounted) -> None:
    pair = AUTHORITY.issue_server(["localhost"], NOW)
    mounted.secret.write(tls_crt=pair.certificate[:100], tls_key=pair.key, ca_crt=AUTHORITY.pair.certificate)


def _empty_authority(mounted: Mounted) -> None:
    pair = AUTHORITY.issue_server(["localhost"], NOW)
    mounted.secret.write(tls_crt=pair.certificate, tls_key=pair.key, ca_crt=b"")


def _no_key(mounted: Mounted) -> None:
    pair = AUTHORITY.issue_server(["localhost"], NOW)
    mounted.secret.write(tls_crt=pair.certificate, ca_crt=AUTHORITY.pair.certificate)


def _ended(mounted: Mounted) -> None:
    mounted.now += 2 * DAY_SECONDS
    mounted.issue(1)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        pytest.param(_other_key, "the private key does not belong to the certificate", id="another key"),
        pytest.param(_half_a_certificate, "the certificate is not PEM that can be read", id="half a certificate"),
        pytest.param(_empty_authority, "the authority is not PEM that can be read", id="no authority"),
        pytest.param(_no_key, "No such file or directory", id="no key"),
        pytest.param(_ended, "the new certificate has ended already", id="one that has ended"),
    ],
)
def test_what_is_broken_leaves_the_files_before_in_use_is_said_once_and_is_mended_by_the_next(
    mounted: Mounted, caplog: pytest.LogCaptureFixture, spoil: Callable[[Mounted], None], reason: str
) -> None:
    before = mounted.files.current
    spoil(mounted)
    for _ in range(3):
        assert mounted.files.refresh() is before
    assert (mounted.files.failures, mounted.files.is_broken()) == (1, True)
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert reason in record.getMessage()
    assert "PRIVATE" not in caplog.text
    mounted.issue(90)
    assert mounted.files.refresh() is not before
    assert (mounted.files.failures, mounted.files.reloads, mounted.files.is_broken()) == (1, 1, False)


def test_files_that_are_broken_at_the_start_are_an_error(tmp_path: Path, mounted: Mounted) -> None:
    _other_key(mounted)
    with pytest.raises(CertificateError, match="does not belong"):
        CertificateFiles(CertificatePaths("api", mounted.secret / "tls.crt", mounted.secret / "tls.key"), lambda: 0.0)


def test_the_key_is_in_no_repr(mounted: Mounted) -> None:
    assert "PRIVATE" not in repr(mounted.files.current)


def test_an_authority_is_exchanged_with_an_overlap(mounted: Mounted) -> None:
    other = Authority.create(NOW + timedelta(days=400))
    one = mounted.files.current
    mounted.issue(30, other)
    both = mounted.files.refresh()
    assert (both.trusts_all_of(one), one.trusts_all_of(both)) == (True, False)
    assert both.authority_ends is not None and one.authority_ends is not None
    assert both.authority_ends > one.authority_ends


async def test_the_watch_tells_each_change_once_and_says_what_ends_soon(
    mounted: Mounted, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[float | None] = []
    watched = Watched(mounted.files, lambda before, after: told.append(after.ends))
    watch = CertificateWatch([watched], 5.0, lambda: mounted.now)
    await watch.look()
    mounted.issue(60)
    mounted.files.refresh()  # by a handshake
    await watch.look()
    await watch.look()
    assert told == [(NOW + timedelta(days=60)).timestamp()]
    left = watch.seconds_left()
    assert left["discovery"] == 60 * DAY_SECONDS
    assert left["discovery-ca"] > 365 * DAY_SECONDS
    mounted.now += 50 * DAY_SECONDS
    watch.warn()
    watch.warn()
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "certificate_ends_soon certificate=discovery days=10.0"
    ]
    text, values = watch.gauges()["isthmus_certificate_expiry_seconds"]
    assert text and isinstance(values, dict)
    assert values[("certificate", "discovery"),] == 10 * DAY_SECONDS
