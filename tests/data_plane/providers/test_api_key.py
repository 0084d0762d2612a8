"""Which of several API keys a request gets, and how each is sent."""

from collections import Counter

from pytest import mark, param, raises

from data_plane.providers.api_key import ApiKeys, FixedKey, KeyRing
from data_plane.providers.credential import Credential, Outgoing
from tests.fakes.virtual_clock import VirtualClock

BEARER, GOOGLE = "authorization", "x-goog-api-key"


def outgoing(key_header: str = BEARER) -> Outgoing:
    return Outgoing(b"POST", b"h", b"/", b"{}", key_header)


def line(credential: Credential, key_header: str = BEARER) -> bytes:
    proof = credential.prove(outgoing(key_header))
    assert proof is not None
    return proof.lines


def ring(count: int = 3, cooldown_seconds: int = 30) -> tuple[KeyRing, VirtualClock]:
    time = VirtualClock()
    return KeyRing(ApiKeys(tuple(f"key{number}" for number in range(count)), "", cooldown_seconds), time.clock), time


def taken(one: KeyRing, count: int) -> list[int]:
    """The next keys that requests get."""
    return [proof.key for _ in range(count) if (proof := one.prove(outgoing()))]


@mark.parametrize(
    "header, key_header, expected",
    [
        param("", "authorization", b"authorization: Bearer key\r\n", id="a bearer token"),
        param("", "x-api-key", b"x-api-key: key\r\n", id="the key's own header"),
        param("api-key", "authorization", b"api-key: key\r\n", id="a header that the resource names"),
        param("authorization", "x-api-key", b"authorization: Bearer key\r\n", id="authorization by the resource"),
    ],
)
def test_a_key_goes_where_the_api_or_the_resource_wants_it(header: str, key_header: str, expected: bytes) -> None:
    assert line(ApiKeys(("key",), header).start(), key_header) == expected
    assert line(ApiKeys(("key", "key"), header).start(), key_header) == expected


def test_one_key_is_fixed_and_its_proof_made_once() -> None:
    one = ApiKeys(("key",)).start()

    assert isinstance(one, FixedKey)
    assert one.is_fixed
    assert one.prove(outgoing()) is one.prove(outgoing())
    assert line(one, GOOGLE) == b"x-goog-api-key: key\r\n"
    assert line(one) == b"authorization: Bearer key\r\n"
    assert not one.refuse(0, 429, None)


@mark.parametrize("keys", [(), ("a\r\nx: y",), ("ok", "ä"), (" a",), ("a\n",)])
def test_keys_that_no_header_can_carry_are_refused(keys: tuple[str, ...]) -> None:
    with raises(ValueError, match="no header can carry") as caught:
        ApiKeys(keys)

    assert not any(key in str(caught.value) for key in keys)


def test_keys_are_used_in_turn_and_proofs_are_made_once() -> None:
    one, _ = ring()

    assert not one.is_fixed
    assert taken(one, 7) == [0, 1, 2, 0, 1, 2, 0]
    proofs = {id(one.prove(outgoing())) for _ in range(6)}
    assert len(proofs) == 3
    assert line(one, GOOGLE).startswith(b"x-goog-api-key: key")


@mark.parametrize(
    "retry_after, seconds",
    [
        param(None, 30, id="as long as is configured"),
        param(5.0, 5, id="as long as the provider says"),
        param(0.0, 1, id="a second, if the provider says nothing that helps"),
        param(1e9, 3600, id="an hour at most"),
    ],
)
def test_a_key_pauses_after_429(retry_after: float | None, seconds: float) -> None:
    one, time = ring()

    assert one.refuse(1, 429, retry_after)

    time.go_on(seconds - 0.01)
    assert Counter(taken(one, 6)) == {0: 3, 2: 3}
    time.go_on(0.02)
    assert Counter(taken(one, 6)) == {0: 2, 1: 2, 2: 2}


def test_a_second_429_does_not_shorten_a_pause() -> None:
    one, time = ring(2)
    one.refuse(0, 429, 100.0)
    one.refuse(0, 429, 1.0)

    time.go_on(50)

    assert taken(one, 2) == [1, 1]


@mark.parametrize("status", [401, 402, 403])
def test_a_key_that_stays_refused_pauses_twice_as_long_each_time_up_to_an_hour(status: int) -> None:
    one, time = ring(2)
    pauses = []
    for _ in range(9):
        one.refuse(0, status, None)
        began = time.now
        while taken(one, 2) == [1, 1]:
            time.go_on(1)
        pauses.append(time.now - began)

    assert pauses == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_refusals_of_requests_that_were_under_way_count_once() -> None:
    one, time = ring(2)
    for _ in range(100):
        one.refuse(0, 401, None)

    time.go_on(60)

    assert sorted(taken(one, 2)) == [0, 1]


def test_a_key_that_has_worked_again_starts_from_the_shortest_pause() -> None:
    one, time = ring(2)
    one.refuse(0, 401, None)
    time.go_on(60 + 61)  # and worked for longer than it had paused

    one.refuse(0, 401, None)

    time.go_on(60)
    assert sorted(taken(one, 2)) == [0, 1]


def test_whether_another_key_is_free_is_told() -> None:
    one, time = ring(2)

    assert one.refuse(0, 429, 10.0)
    assert not one.refuse(1, 429, 20.0)

    time.go_on(10)
    assert one.refuse(1, 429, 20.0)


def test_when_all_pause_the_one_that_is_free_soonest_is_taken() -> None:
    one, _ = ring()
    one.refuse(0, 429, 30.0)
    one.refuse(1, 429, 10.0)
    one.refuse(2, 429, 20.0)

    assert taken(one, 3) == [1, 1, 1]

    one.refuse(1, 429, 25.0)
    assert taken(one, 2) == [2, 2]


def test_specs_are_values_that_show_nothing() -> None:
    spec = ApiKeys(("hunter2", "hunter3"), "x-key", 5)

    assert spec == ApiKeys(("hunter2", "hunter3"), "x-key", 5)
    assert hash(spec) == hash(ApiKeys(("hunter2", "hunter3"), "x-key", 5))
    assert spec != ApiKeys(("hunter2", "hunter4"), "x-key", 5)
    for shown in (
        repr(spec),
        repr(spec.start()),
        repr(spec.start().prove(outgoing())),
        repr(ApiKeys(("hunter2",)).start()),
    ):
        assert "hunter" not in shown
