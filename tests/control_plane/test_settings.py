"""What the command line takes, and what it says of mistakes."""

from pathlib import Path

import pytest

from control_plane.settings import Settings, SettingsError, parse


@pytest.fixture
def required(tmp_path: Path) -> list[str]:
    file = tmp_path / "file.pem"
    file.touch()
    flags = ("--discovery-cert", "--discovery-key", "--discovery-ca", "--master-key-file")
    return ["--etcd-endpoints", "http://a:1,http://b:2", *(part for flag in flags for part in (flag, str(file)))]


def test_defaults_listen_on_loopback_except_for_replicas(required: list[str]) -> None:
    settings = parse(required, {})
    listening = (settings.api.listen, settings.health_listen, settings.discovery.listen)
    assert tuple(map(str, listening)) == ("127.0.0.1:8443", "127.0.0.1:8445", "0.0.0.0:8444")
    assert settings.etcd.endpoints == ("http://a:1", "http://b:2")


def test_every_flag_has_a_variable_and_the_flag_wins(required: list[str]) -> None:
    environment = {"ISTHMUS_NAME": "from-environment", "ISTHMUS_LISTEN": "127.0.0.1:1"}
    settings = parse([*required, "--listen", "[::1]:2"], environment)
    assert (settings.name, str(settings.api.listen)) == ("from-environment", "[::1]:2")


def test_the_replicas_key_is_optional(required: list[str]) -> None:
    assert parse(required, {}).last_good_key_file is None
    assert parse(required, {"ISTHMUS_LAST_GOOD_KEY_FILE": required[-1]}).last_good_key_file == Path(required[-1])


def test_off_loopback_tls_is_required(required: list[str]) -> None:
    with pytest.raises(SettingsError, match="--tls-cert and --tls-key"):
        parse([*required, "--listen", "0.0.0.0:8443"], {})


def test_off_loopback_with_tls(required: list[str]) -> None:
    file = required[-1]
    settings: Settings = parse([*required, "--listen", "0.0.0.0:8443", "--tls-cert", file, "--tls-key", file], {})
    assert settings.api.certificate == Path(file)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--listen", "8443"], "is not host:port"),
        (["--listen", "127.0.0.1:65536"], "is not host:port"),
        (["--tls-cert", "/nowhere/cert.pem"], "--tls-cert '/nowhere/cert.pem' is not a file that can be read"),
        (["--name", "a b"], "must consist of"),
        (["--in-memory-store"], "unrecognized arguments"),
        (["--trust-domain", "A!"], "is not a trust domain"),
        (["--certificate-poll-seconds", "0"], "must be a number of seconds, from 0.05 to 3600"),
        (["--certificate-poll-seconds", "soon"], "must be a number of seconds, from 0.05 to 3600"),
    ],
)
def test_a_mistake_is_one_line(required: list[str], more: list[str], message: str) -> None:
    with pytest.raises(SettingsError, match=message) as error:
        parse([*required, *more], {})
    assert "\n" not in str(error.value)


def test_a_certificate_needs_its_key(required: list[str]) -> None:
    with pytest.raises(SettingsError, match="go together"):
        parse([*required, "--tls-cert", required[-1]], {})


def test_all_that_is_missing_is_named() -> None:
    with pytest.raises(SettingsError, match=r"--etcd-endpoints, --discovery-cert.*--master-key-file"):
        parse([], {})


def test_help_names_every_flag(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["--help"], {})
    shown = capsys.readouterr().out
    assert ended.value.code == 0
    assert all(flag in shown for flag in ("--etcd-password-file", "--bootstrap-token-file", "--health-listen"))
