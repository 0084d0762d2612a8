"""Settings of the data plane."""

from pathlib import Path

import pytest

from data_plane.listen_address import ListenAddress
from data_plane.settings import Address, Bootstrap, SettingsError, parse


@pytest.fixture
def base(tmp_path: Path) -> list[str]:
    (tmp_path / "config.yaml").write_text("")
    return ["--static-config", str(tmp_path / "config.yaml"), "--data-dir", str(tmp_path / "data")]


def control_plane_flags(folder: Path) -> list[str]:
    for name in ("cert", "key", "ca"):
        (folder / name).write_text("")
    files = [part for name in ("cert", "key", "ca") for part in (f"--{name}", str(folder / name))]
    return ["--control-planes", "a:8444,[::1]:8445", *files, "--data-dir", str(folder / "data")]


def test_a_replica_of_a_control_plane_is_described(tmp_path: Path) -> None:
    settings = parse([*control_plane_flags(tmp_path), "--gateway", "edge", "--workers", "3"], {})
    assert settings.control_planes == (Address("a", 8444), Address("::1", 8445))
    assert settings.certificates is not None
    assert (settings.gateway, settings.workers, settings.listen) == ("edge", 3, (ListenAddress("0.0.0.0", 8080),))


def test_a_flag_wins_over_the_environment(base: list[str]) -> None:
    environment = {"ISTHMUS_WORKERS": "2", "ISTHMUS_DRAIN_SECONDS": "1.5"}
    settings = parse([*base, "--workers", "4"], environment)
    assert (settings.workers, settings.drain_seconds) == (4, 1.5)


@pytest.mark.parametrize("location", ["/srv/snapshot", "https://files.example:8443/snapshot?token=x"])
def test_a_bootstrap_snapshot_is_a_file_or_a_url(tmp_path: Path, location: str) -> None:
    (tmp_path / "keys").write_text("")
    flags = [*control_plane_flags(tmp_path), "--last-good-key-file", str(tmp_path / "keys")]
    environment = {"ISTHMUS_BOOTSTRAP_SNAPSHOT": location, "ISTHMUS_BOOTSTRAP_WAIT_SECONDS": "1.5"}
    assert parse(flags, environment).bootstrap == Bootstrap(location, None, 1.5)
    assert parse(flags, {}).bootstrap is None


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("ftp://a/b?token=x", "'ftp://a/b' is not a file, http"),
        ("http:///b", "is not a file, http"),
        ("https://a:b/c", "is not a"),
    ],
)
def test_a_bootstrap_snapshot_that_cannot_be_fetched_is_refused(tmp_path: Path, location: str, message: str) -> None:
    (tmp_path / "keys").write_text("")
    flags = [*control_plane_flags(tmp_path), "--last-good-key-file", str(tmp_path / "keys")]
    with pytest.raises(SettingsError, match=message):
        parse([*flags, "--bootstrap-snapshot", location], {})


def test_a_bootstrap_snapshot_needs_control_planes_and_the_key(base: list[str], tmp_path: Path) -> None:
    for flags in (base, control_plane_flags(tmp_path)):
        with pytest.raises(SettingsError, match="needs --last-good-key-file"):
            parse([*flags, "--bootstrap-snapshot", "/srv/snapshot"], {})


def test_a_variable_that_is_empty_counts_as_not_given(base: list[str]) -> None:
    assert parse(base, {"ISTHMUS_CONTROL_PLANES": "", "ISTHMUS_GATEWAY": ""}).last_good_key_file is None


def test_listeners_add_up_and_replace_those_of_the_environment(base: list[str]) -> None:
    environment = {"ISTHMUS_LISTEN": "a:1,https://a:2", "ISTHMUS_TLS_CERTIFICATES": "/tls, a.crt:a.key"}
    assert list(map(str, parse(base, environment).listen)) == ["http://a:1", "https://a:2"]
    given = parse([*base, "--listen", "b:1", "--listen", "b:2,b:3"], environment)
    assert list(map(str, given.listen)) == ["http://b:1", "http://b:2", "http://b:3"]
    assert given.tls_certificates == ("/tls", "a.crt:a.key")


def test_the_node_id_stays_with_the_data_directory(base: list[str], tmp_path: Path) -> None:
    first = parse(base, {}).node
    assert parse(base, {}).node == first
    assert parse([*base[:2], "--data-dir", str(tmp_path / "other")], {}).node != first


def test_addresses_are_shown_as_they_are_written() -> None:
    assert [str(Address("::1", 1)), str(Address("a", 2))] == ["[::1]:1", "a:2"]


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--workers", "0"], "argument --workers: '0' is not a whole number from 1 to 256"),
        (["--workers", "two"], "argument --workers: 'two' is not a whole number from 1 to 256"),
        (
            ["--listen", "8080"],
            "argument --listen: '8080' is not host:port, http://host:port, https://host:port or unix:/path",
        ),
        (
            ["--listen", "a:99999"],
            "argument --listen: 'a:99999' is not host:port, http://host:port, https://host:port or unix:/path",
        ),
        (["--listen", "a:1,b:2", "--listen", "a:1"], "argument --listen: 'a:1' is there twice"),
        (
            ["--certificate-poll-seconds", "0"],
            "argument --certificate-poll-seconds: '0' must be at least 0.05 seconds",
        ),
        (["--gateway", "Edge!"], "argument --gateway: 'Edge!' is not a resource's name"),
        (["--node-id", "a b"], "argument --node-id: 'a b' must consist of letters, digits and -_. (at most 128)"),
        (["--drain-seconds", "-1"], "argument --drain-seconds: '-1' is not a number of seconds from 0 to 86400"),
        (["--drain-seconds", "nan"], "argument --drain-seconds: 'nan' is not a number of seconds from 0 to 86400"),
        (["--spool-mebibytes", "0"], "argument --spool-mebibytes: '0' is not a whole number from 1 to 1048576"),
        (["--config-dump-token-file", "/none"], "--config-dump-token-file '/none' cannot be read"),
        (["--control-planes", "a:1"], "give either --control-planes or --static-config"),
        (["--unknown"], "unrecognized arguments: --unknown"),
    ],
    ids=lambda value: value[0].removeprefix("--") if isinstance(value, list) else "",
)
def test_a_wrong_setting_is_one_clear_line(base: list[str], extra: list[str], message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse([*base, *extra], {})
    assert str(refused.value) == message


def test_a_control_plane_needs_certificates(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--cert is required with --control-planes"):
        parse(["--control-planes", "a:1", "--data-dir", str(tmp_path)], {})


def test_collectors_need_certificates_and_may_stand_beside_a_file(base: list[str], tmp_path: Path) -> None:
    flags = [*base, "--collectors", "one:8446,two:8446"]
    with pytest.raises(SettingsError, match="--cert is required with --collectors"):
        parse(flags, {})
    for name in ("cert", "key", "ca"):
        (tmp_path / name).write_text("")
        flags += [f"--{name}", str(tmp_path / name)]
    settings = parse(flags, {})
    assert [str(each) for each in settings.collectors] == ["one:8446", "two:8446"]
    assert settings.certificates is not None


def test_a_data_directory_that_cannot_be_made_is_one_clear_line(base: list[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=r"--data-dir '.*file/data': Not a directory"):
        parse([*base[:2], "--data-dir", str(tmp_path / "file" / "data")], {})


def test_help_names_every_flag_with_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--help"], {})
    shown = " ".join(capsys.readouterr().out.split())
    flags = ["--" + name.replace("_", "-") for name in ("listen", "data_dir", "drain_seconds", "static_config")]
    assert all(flag in shown for flag in flags)
    assert "default: 0.0.0.0:8080" in shown
