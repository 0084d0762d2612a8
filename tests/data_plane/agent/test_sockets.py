"""The replica's listening sockets."""

import os
import socket
import stat
from pathlib import Path

import pytest

from data_plane.agent.sockets import CannotListen, Sockets
from data_plane.listen_address import parse_listen_address


def bind(*addresses: str, workers: int = 1, beside_orphans: bool = False) -> Sockets:
    return Sockets([parse_listen_address(each) for each in addresses], workers, {}, beside_orphans=beside_orphans)


def ports(sockets: Sockets) -> set[int]:
    return {bound.socket.getsockname()[1] for bound in sockets}


def port_of(sockets: Sockets) -> int:
    return next(iter(ports(sockets)))


def test_all_workers_share_one_free_port() -> None:
    sockets = bind("127.0.0.1:0", workers=3)
    assert len(ports(sockets)) == 1 and [len(place) for place in sockets.places] == [1, 1, 1]
    sockets.close()


def test_each_worker_has_a_socket_of_each_listener() -> None:
    sockets = bind("127.0.0.1:0", "https://127.0.0.1:0", workers=2)
    assert len(ports(sockets)) == 2
    assert [[str(bound.address) for bound in place] for place in sockets.places] == [
        ["http://127.0.0.1:0", "https://127.0.0.1:0"]
    ] * 2
    sockets.close()


def test_nothing_is_queued_before_a_worker_listens() -> None:
    sockets = bind("127.0.0.1:0")
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", port_of(sockets))) != 0
    sockets.close()


def test_a_stranger_on_the_port_is_one_clear_line_even_if_it_would_share() -> None:
    stranger = bind("127.0.0.1:0")
    for bound in stranger:
        bound.socket.listen()
    place = f"127.0.0.1:{port_of(stranger)}"
    with pytest.raises(CannotListen, match=f"cannot listen on {place}: the port is in use by another"):
        bind(place)
    bind(place, beside_orphans=True).close()
    stranger.close()


def test_a_connection_that_lingers_from_the_last_run_is_no_stranger() -> None:
    sockets = bind("127.0.0.1:0")
    listening = next(iter(sockets)).socket
    listening.listen()
    address = listening.getsockname()
    client = socket.create_connection(address)
    accepted, _ = listening.accept()
    accepted.close()  # closed from our side first: this is the side that lingers
    client.close()
    sockets.close()
    bind(f"127.0.0.1:{address[1]}").close()


def test_an_address_that_is_not_ours_is_refused() -> None:
    with pytest.raises(CannotListen, match=r"cannot listen on 192\.0\.2\.1:0"):
        bind("192.0.2.1:0")


def test_an_ipv6_socket_for_all_addresses_takes_both_families() -> None:
    sockets = bind("[::]:0")
    next(iter(sockets)).socket.listen()
    for host in ("127.0.0.1", "::1"):
        socket.create_connection((host, port_of(sockets)), 1.0).close()
    sockets.close()


def test_a_unix_socket_is_one_for_all_workers_with_its_mode_and_goes_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "s"
    sockets = bind(f"unix:{path}?mode=0600", workers=2)
    assert len(list(sockets)) == 1 and [len(place) for place in sockets.places] == [1, 1]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    sockets.close()
    sockets.unlink()
    assert list(tmp_path.iterdir()) == []


def test_the_file_of_one_that_was_killed_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "s"
    bind(f"unix:{path}").close()
    bind(f"unix:{path}").close()
    assert stat.S_ISSOCK(path.stat().st_mode)


def test_a_unix_socket_of_another_program_stays(tmp_path: Path) -> None:
    path = tmp_path / "s"
    first = bind(f"unix:{path}")
    next(iter(first)).socket.listen()
    with pytest.raises(CannotListen, match="another program does"):
        bind(f"unix:{path}")
    later = bind(f"unix:{path}", beside_orphans=True)
    first.unlink()  # its own is not there any more
    assert path.exists()
    first.close()
    later.close()


def test_a_file_that_is_no_socket_stays(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.write_text("precious")
    with pytest.raises(CannotListen, match="no socket"):
        bind(f"unix:{path}")
    assert path.read_text() == "precious"


@pytest.mark.parametrize(("before", "workers", "sizes"), [(2, 2, [1, 1]), (1, 2, [1, 1]), (3, 2, [2, 1])])
def test_sockets_that_were_handed_over_are_all_served(before: int, workers: int, sizes: list[int]) -> None:
    old = bind("127.0.0.1:0", workers=before)
    address = parse_listen_address("127.0.0.1:0")
    adopted = {address.identity: [socket.socket(fileno=os.dup(bound.socket.fileno())) for bound in old]}
    new = Sockets([address], workers, adopted, beside_orphans=False)
    assert [len(place) for place in new.places] == sizes and ports(new) == ports(old)
    old.close()
    new.close()
