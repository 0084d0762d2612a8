"""The replica's listening sockets."""

import socket

import pytest

from data_plane.agent.sockets import CannotListen, bind


def close(sockets: list[socket.socket]) -> None:
    for each in sockets:
        each.close()


def test_all_workers_share_one_free_port() -> None:
    sockets = bind("127.0.0.1", 0, 3, beside_orphans=False)
    assert len({each.getsockname()[1] for each in sockets}) == 1
    close(sockets)


def test_nothing_is_queued_before_a_worker_listens() -> None:
    sockets = bind("127.0.0.1", 0, 1, beside_orphans=False)
    with socket.socket() as client:
        assert client.connect_ex(sockets[0].getsockname()) != 0
    close(sockets)


def test_a_stranger_on_the_port_is_one_clear_line_even_if_it_would_share() -> None:
    stranger = bind("127.0.0.1", 0, 1, beside_orphans=False)[0]
    stranger.listen()
    port = stranger.getsockname()[1]
    with pytest.raises(CannotListen, match=f"cannot listen on 127.0.0.1:{port}: the port is in use by another"):
        bind("127.0.0.1", port, 1, beside_orphans=False)
    close(bind("127.0.0.1", port, 1, beside_orphans=True))
    stranger.close()


def test_a_connection_that_lingers_from_the_last_run_is_no_stranger() -> None:
    listening = bind("127.0.0.1", 0, 1, beside_orphans=False)[0]
    listening.listen()
    address = listening.getsockname()
    client = socket.create_connection(address)
    accepted, _ = listening.accept()
    accepted.close()  # closed from our side first: this is the side that lingers
    client.close()
    listening.close()
    close(bind(address[0], address[1], 1, beside_orphans=False))


def test_an_address_that_is_not_ours_is_refused() -> None:
    with pytest.raises(CannotListen, match=r"cannot listen on 192\.0\.2\.1:0"):
        bind("192.0.2.1", 0, 1, beside_orphans=False)
