"""Settings that contradict each other are refused before anything is opened."""

from pathlib import Path
from typing import Any

import pytest

from control_plane.etcd.settings import EtcdSettings

FILE = Path("file.pem")


@pytest.mark.parametrize(
    ("endpoint", "target", "tls"),
    [
        ("http://127.0.0.1:2379", "dns:///127.0.0.1:2379", False),
        ("https://etcd-0.etcd", "dns:///etcd-0.etcd:2379", True),
        ("http://[::1]:99/", "dns:///[::1]:99", False),
    ],
)
def test_an_endpoint_is_a_url_with_a_port_of_its_own_or_etcds(endpoint: str, target: str, tls: bool) -> None:
    settings = EtcdSettings((endpoint,))
    assert (settings.targets, settings.tls) == ((target,), tls)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"endpoints": ()}, "at least one endpoint"),
        ({"endpoints": ("127.0.0.1:2379",)}, "an endpoint is"),
        ({"endpoints": ("http://isthmus:se-cret@host",)}, "an endpoint is"),
        ({"endpoints": ("http://host/path",)}, "an endpoint is"),
        ({"endpoints": ("unix:///socket",)}, "an endpoint is"),
        ({"endpoints": ("http://a", "https://b")}, "all http or all https"),
        ({"ca_file": FILE}, "write https"),
        ({"endpoints": ("https://a",), "cert_file": FILE}, "both `cert_file` and `key_file`"),
        ({"username": "isthmus"}, "go together"),
    ],
    ids=["none", "no scheme", "password", "path", "unix", "mixed", "ca with http", "no key", "no password"],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        EtcdSettings(**{"endpoints": ("http://a",), **changes})
    assert "se-cret" not in str(caught.value)


def test_the_password_is_not_shown() -> None:
    assert "se-cret" not in repr(EtcdSettings(("http://a",), username="isthmus", password="se-cret"))
