"""The collector's command line and environment."""

from pathlib import Path

import pytest

from control_plane.collector.settings import Embedded, Retention, Server, parse
from control_plane.settings import SettingsError


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    flags = []
    for name in ("cert", "key", "ca"):
        (tmp_path / name).write_text("")
        flags += [f"--{name}", str(tmp_path / name)]
    return flags


def test_an_embedded_store(files: list[str], tmp_path: Path) -> None:
    settings = parse([*files, "--data-dir", str(tmp_path / "data")], {})
    assert settings.store == Embedded(tmp_path / "data")
    assert (str(settings.listen), str(settings.health_listen)) == ("0.0.0.0:8446", "127.0.0.1:8447")
    assert settings.retention == Retention(30, 800)
    assert settings.trust_domain == "isthmus.local"


def test_a_server_by_the_environment(files: list[str], tmp_path: Path) -> None:
    environment = {
        "ISTHMUS_CLICKHOUSE_URL": "https://clickhouse.example",
        "ISTHMUS_CLICKHOUSE_USER": "isthmus",
        "ISTHMUS_CLICKHOUSE_PASSWORD_FILE": str(tmp_path / "key"),
        "ISTHMUS_RETENTION_DAYS": "7",
    }
    settings = parse(files, environment)
    assert settings.store == Server("clickhouse.example", 8443, True, "isthmus", tmp_path / "key", None, "isthmus")
    assert settings.retention.detail_days == 7


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        pytest.param([], "give either --data-dir", id="no store"),
        pytest.param(["--data-dir", "d", "--clickhouse-url", "http://h"], "give either --data-dir", id="two stores"),
        pytest.param(["--clickhouse-url", "h:8123"], "is not http://host:port", id="no scheme"),
        pytest.param(
            ["--clickhouse-url", "http://u:secret@h"], "is not http://host:port", id="a password in the address"
        ),
        pytest.param(["--clickhouse-url", "http://h:99999"], "is not http://host:port", id="no such port"),
        pytest.param(["--clickhouse-url", "http://h", "--clickhouse-database", "a b"], "letters", id="a bad database"),
        pytest.param(
            ["--clickhouse-url", "http://h", "--clickhouse-ca", "/none"], "cannot be read", id="a missing file"
        ),
        pytest.param(["--data-dir", "d", "--retention-days", "0"], "whole number of days", id="no days"),
        pytest.param(
            ["--data-dir", "d", "--sums-retention-days", "9"], "at least --retention-days", id="sums go first"
        ),
        pytest.param(["--data-dir", "d", "--listen", "8446"], "is not host:port", id="no host"),
        pytest.param(["--data-dir", "d", "--trust-domain", "A"], "is not a trust domain", id="a bad trust domain"),
    ],
)
def test_what_is_wrong_is_one_line(files: list[str], flags: list[str], message: str) -> None:
    with pytest.raises(SettingsError) as raised:
        parse([*files, *flags], {})
    assert message.replace("cannot be read", "is not a file that can be read") in str(raised.value)
    assert "\n" not in str(raised.value)


def test_certificates_are_required() -> None:
    with pytest.raises(SettingsError, match="required: --cert, --key, --ca"):
        parse(["--data-dir", "d"], {})
