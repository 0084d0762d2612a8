"""Checks a running release from inside the cluster, for `helm test`.

Usage: python check_release.py --gateway NAME [--traffic URL ...]
"""

import argparse
import json
import os
import ssl
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

CALL_SECONDS = 10.0
MAX_ANSWER_BYTES = 16 << 20
REQUEST_ID = "x-isthmus-request-id"

Check = Callable[[], str]


class Failed(Exception):
    """What is not as it should be."""


def admin_api() -> str:
    """The admin API takes our token."""
    return f"version {_admin('/v1/status')['version']}"


def replicas(gateway: str) -> str:
    """Replicas are connected, and none refuses its configuration."""
    of_gateway = [each for each in _admin("/v1/replicas")["items"] if each["gateway"] == gateway]
    connected = [each for each in of_gateway if each["connected"]]
    if not connected:
        raise Failed(f"no replica of the gateway '{gateway}' is connected")
    if refusing := [each["node"] for each in connected if each["state"] == "Rejecting"]:
        raise Failed(f"{', '.join(refusing)} refuse their configuration; see `isthmus status`")
    return f"{len(connected)} connected"


def traffic(url: str) -> str:
    """A request through the Service reaches a ready replica, whatever that thinks of it."""
    tls = ssl.create_default_context()
    tls.check_hostname = False  # certificates are for the names that clients use, not for the Service's
    tls.verify_mode = ssl.CERT_NONE
    try:
        with urllib.request.urlopen(f"{url}/", timeout=CALL_SECONDS, context=tls) as answer:
            status, headers = answer.status, answer.headers
    except urllib.error.HTTPError as error:
        with error:
            status, headers = error.code, error.headers
    if REQUEST_ID not in headers:
        raise Failed(f"{url} answers {status} without {REQUEST_ID}: that is not the gateway")
    return f"answers {status}"


def run(checks: Sequence[tuple[str, Check]]) -> bool:
    """Run all, print a line each; whether all passed."""
    passed = True
    for name, check in checks:
        try:
            outcome = f"ok: {check()}"
        except (Failed, OSError, KeyError, ValueError) as error:
            outcome, passed = f"FAILED: {error}", False
        sys.stdout.write(f"{name}: {outcome}\n")
    return passed


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--gateway", required=True)
    parser.add_argument("--traffic", action="append", default=[])
    given = parser.parse_args()
    checks: list[tuple[str, Check]] = [
        ("admin API", admin_api),
        ("replicas", partial(replicas, given.gateway)),
        *((f"traffic {url}", partial(traffic, url)) for url in given.traffic),
    ]
    return 0 if run(checks) else 1


def _admin(path: str) -> Any:
    tls = ssl.create_default_context(cafile=os.environ["ISTHMUS_ADMIN_CA"])
    headers = {"Authorization": f"Bearer {os.environ['ISTHMUS_ADMIN_TOKEN']}"}
    request = urllib.request.Request(os.environ["ISTHMUS_ADMIN_URL"] + path, headers=headers)
    with urllib.request.urlopen(request, timeout=CALL_SECONDS, context=tls) as answer:
        return json.loads(answer.read(MAX_ANSWER_BYTES))


if __name__ == "__main__":
    sys.exit(main())
