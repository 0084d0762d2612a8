"""Decides how this member of etcd starts, and writes its configuration file.

Usage: python etcd_member.py --name POD --configuration FILE --certificates DIR --out FILE

etcd must be told whether it begins a new cluster or joins one, and a member that has lost its data may not come back
under its old identity: it might have forgotten a vote. It is taken out of the cluster and added anew, which the others
allow only while they are a majority. Source: etcd.io, "Runtime reconfiguration" (v3.6).
"""

import argparse
import json
import ssl
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

CALL_SECONDS = 5.0
CLIENT_PORT = 2379

Json = dict[str, Any]
Call = Callable[[str, str, Json], Json]  # address of a member, path, request -> answer


class CannotStart(Exception):
    """One line for the operator. The pod is started again, and may fare better."""


class Unreachable(Exception):
    """No member listens at the address."""


class Start(Enum):
    """What a member does first."""

    RESUME = "existing"  # it has its data; etcd does not look at this setting
    FOUND = "new"
    JOIN = "existing, added by now"
    REPLACE = "existing, to be taken out and added anew"
    ADD = "existing, to be added"


@dataclass(frozen=True, slots=True)
class Member:
    """One that the others know."""

    id: str
    name: str
    has_started: bool
    peer_url: str


def decide(has_data: bool, peer_url: str, members: Sequence[Member] | None) -> Start:
    """What the member at `peer_url` does. `members` None: no other member answers."""
    if has_data:
        return Start.RESUME
    if members is None:
        return Start.FOUND
    known = next((member for member in members if member.peer_url == peer_url), None)
    if known is None:
        return Start.ADD
    if known.has_started:
        return Start.REPLACE
    # Of the founding members the others know the name before they have started; of those added later, they do not.
    return Start.FOUND if known.name else Start.JOIN


def prepare(name: str, configuration: Json, call: Call) -> Json:
    """The configuration of this member. Changes the cluster where that is needed.

    Raises:
        CannotStart: the others refuse, or contradict each other.
    """
    peers = dict(each.split("=", 1) for each in configuration["initial-cluster"].split(","))
    others = [_client_url(url) for peer, url in peers.items() if peer != name]
    has_data = (Path(configuration["data-dir"]) / "member" / "wal").is_dir()
    answering, members = (None, None) if has_data else _ask(others, call)
    start = decide(has_data, peers[name], members)
    _say(f"member={name} start={start.name.lower()}")
    if answering and members is not None and start in (Start.ADD, Start.REPLACE):
        known = [member for member in members if member.peer_url == peers[name]]
        if len(members) - len(known) + 1 > len(peers):
            raise CannotStart(f"the cluster has {len(members)} members, of which this release knows {len(peers)}")
        for member in known:
            call(answering, "/v3/cluster/member/remove", {"ID": member.id})
        call(answering, "/v3/cluster/member/add", {"peerURLs": [peers[name]]})
    return configuration | {
        "name": name,
        "initial-advertise-peer-urls": peers[name],
        "advertise-client-urls": _client_url(peers[name]),
        "initial-cluster-state": "new" if start is Start.FOUND else "existing",
    }


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", required=True)
    parser.add_argument("--configuration", type=Path, required=True)
    parser.add_argument("--certificates", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    try:
        made = prepare(given.name, json.loads(given.configuration.read_text()), _caller(given.certificates))
    except CannotStart as error:
        sys.stderr.write(f"etcd_member: {error}\n")
        return 1
    given.out.write_text(json.dumps(made, indent=2))
    return 0


def _ask(others: Sequence[str], call: Call) -> tuple[str | None, list[Member] | None]:
    """The first member that answers, and whom it knows; None: nobody listens."""
    for address in others:
        try:
            answer = call(address, "/v3/cluster/member/list", {})
        except Unreachable:
            continue
        return address, [_member(each) for each in answer["members"]]
    return None, None


def _member(answer: Mapping[str, Any]) -> Member:
    return Member(answer["ID"], answer.get("name", ""), bool(answer.get("clientURLs")), answer["peerURLs"][0])


def _client_url(peer_url: str) -> str:
    parts = urlsplit(peer_url)
    return f"{parts.scheme}://{parts.hostname}:{CLIENT_PORT}"


def _caller(certificates: Path) -> Call:
    tls = ssl.create_default_context(cafile=str(certificates / "ca.crt"))
    tls.load_cert_chain(certificates / "tls.crt", certificates / "tls.key")

    def call(address: str, path: str, body: Json) -> Json:
        request = urllib.request.Request(address + path, json.dumps(body).encode(), method="POST")
        try:
            with urllib.request.urlopen(request, timeout=CALL_SECONDS, context=tls) as answer:
                decoded: Json = json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                reason = error.read(1024).decode(errors="replace")
            raise CannotStart(f"{address}{path}: {error.code} {reason}") from None
        except urllib.error.URLError as error:
            if isinstance(error.reason, ssl.SSLError):
                raise CannotStart(f"{address}: {error.reason}") from error
            raise Unreachable(address) from error
        except (OSError, ValueError) as error:
            raise CannotStart(f"{address}{path}: {error}") from error
        return decoded

    return call


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
