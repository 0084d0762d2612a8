"""What holds of every credential, at fakes that take only what the real services take."""

import asyncio
import logging
from pathlib import Path

from pytest import LogCaptureFixture, fixture, mark, param, raises

from data_plane.errors import ProviderAuthFailed
from data_plane.providers.api_key import ApiKeys
from data_plane.providers.aws_keys import AwsKeys, AwsScope
from data_plane.providers.credential import Credential, CredentialSpec, Outgoing, Proof
from data_plane.providers.no_credential import NoCredential
from data_plane.providers.oauth_client import OAuthClient
from data_plane.tasks import wait_for_all
from tests.fakes.aws_issuer import KEY_ID, SECRET, TEMPORARY_SECRET, signature_fault
from tests.fakes.credential_cases import FETCHED, SCOPE, SECRETS, Case, Stage, staged
from tests.fakes.identity_server import IdentityServer, Mode
from tests.fakes.virtual_clock import VirtualClock

CASES = [param(case, id=name) for name, case in FETCHED.items()]
BODY = b'{"messages":[]}'
OUTGOING = Outgoing(
    b"POST", b"bedrock-runtime.us-east-1.amazonaws.com", b"/model/a%3A1/converse?b=2&a", BODY, "api-key"
)
AT_HAND: dict[str, CredentialSpec] = {
    "nothing": NoCredential(),
    "one key": ApiKeys((SECRET,)),
    "several keys": ApiKeys((SECRET, f"{SECRET}2")),
    "AWS keys": AwsKeys(SCOPE, KEY_ID, SECRET),
}
BROKEN: list[Mode] = ["Refuse", "Echo", "Garbage", "Huge", "Redirect", "Fail"]


@fixture(autouse=True)
async def nothing_is_left_running() -> object:
    yield
    await wait_for_all(5)


async def prove(credential: Credential) -> Proof:
    """As a request does it."""
    proof = credential.prove(OUTGOING)
    while proof is None:
        await credential.ready()
        proof = credential.prove(OUTGOING)
    return proof


async def fetched(credential: Credential, server: IdentityServer, count: int) -> Proof:
    """Once the server has issued so much: the next one is fetched while requests go on."""
    async with asyncio.timeout(5):
        while len(server.issued) < count or gateway_holds(await prove(credential), server) != server.issued[-1]:
            await asyncio.sleep(0)
    return await prove(credential)


def gateway_holds(proof: Proof, server: IdentityServer) -> str:
    """Which of the issued tokens a request is proved by; verifies its signature, if it is signed."""
    lines = proof.lines.decode()
    assert lines.endswith("\r\n")
    headers = dict(line.split(": ", 1) for line in lines.splitlines())
    if headers["authorization"].startswith("Bearer "):
        assert list(headers) == ["authorization"]
        return headers["authorization"].removeprefix("Bearer ")
    sent = headers | {"host": OUTGOING.authority.decode()}
    secrets = {"ASIATEMPORARY": TEMPORARY_SECRET}
    assert signature_fault("POST", OUTGOING.target.decode(), sent, BODY, secrets, "bedrock") == ""
    return headers["x-amz-security-token"]


@mark.parametrize("case", CASES)
async def test_a_token_is_had_from_a_service_that_checks_what_the_real_one_checks(case: Case, tmp_path: Path) -> None:
    async with staged(case, tmp_path) as (_, credential, server, _):
        assert not credential.is_fixed
        assert credential.prove(OUTGOING) is None

        proof = await prove(credential)

        assert server.faults == []
        assert gateway_holds(proof, server) == server.issued[-1]


@mark.parametrize("case", CASES)
async def test_a_thousand_requests_wait_for_one_fetch(case: Case, tmp_path: Path) -> None:
    async with staged(case, tmp_path) as (_, credential, server, _):
        await prove(credential)
        asked, issued = server.asked, len(server.issued)
    async with staged(case, tmp_path) as (_, credential, server, _):
        proofs = await asyncio.gather(*(prove(credential) for _ in range(1000)))

        assert {gateway_holds(each, server) for each in proofs[:10]} == {server.issued[-1]}
        assert (server.asked, len(server.issued)) == (asked, issued)


@mark.parametrize("case", CASES)
async def test_the_next_token_is_there_before_the_last_one_ends(case: Case, tmp_path: Path) -> None:
    async with staged(case, tmp_path) as (_, credential, server, time):
        first = gateway_holds(await prove(credential), server)
        count = len(server.issued)
        time.go_on(3600 * 0.79)
        assert gateway_holds(await prove(credential), server) == first

        time.go_on(3600 * 0.02)
        proof = credential.prove(OUTGOING)  # fetches the next, and does not wait for it
        assert proof is not None
        assert gateway_holds(proof, server) == first

        second = await fetched(credential, server, 2 * count)
        assert second.key != proof.key
        assert len(server.issued) == 2 * count


@mark.parametrize("mode", BROKEN)
@mark.parametrize("case", CASES)
async def test_a_token_is_served_while_it_holds_and_then_a_failure_that_shows_nothing(
    case: Case, mode: Mode, tmp_path: Path, caplog: LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with staged(case, tmp_path) as (spec, credential, server, time):
        first = gateway_holds(await prove(credential), server)
        server.mode = mode
        time.go_on(3600 * 0.9)
        for _ in range(20):
            assert gateway_holds(await prove(credential), server) == first
            await asyncio.sleep(0)
        await wait_for_all(5)
        asked = server.asked

        time.go_on(3600 * 0.1)
        with raises(ProviderAuthFailed) as caught:
            await credential.ready()
        with raises(ProviderAuthFailed):
            credential.prove(OUTGOING)  # at once: it is too early to try again

        assert server.asked <= asked + 3  # one fetch; that of an instance's keys takes three requests
        shown = [repr(caught.value), caught.value.message, caplog.text, repr(spec), repr(credential)]
        shown += [repr(caught.value.__cause__), repr(caught.value.__context__)]
        assert [secret for secret in SECRETS if any(secret in each for each in shown)] == []
        assert caplog.text.count("provider_token_failed") == 1


@mark.parametrize("case", CASES)
async def test_a_token_that_the_provider_refuses_is_replaced_once(case: Case, tmp_path: Path) -> None:
    async with staged(case, tmp_path) as (_, credential, server, _):
        first = await prove(credential)
        count = len(server.issued)
        assert not credential.refuse(first.key, 429, 5.0)
        assert await prove(credential) is not None
        assert len(server.issued) == count

        assert all(credential.refuse(first.key, 401, None) for _ in range(10))
        second = await prove(credential)

        assert gateway_holds(second, server) == server.issued[-1]
        assert len(server.issued) == 2 * count
        assert not credential.refuse(second.key, 401, None)
        assert gateway_holds(await prove(credential), server) == server.issued[-1]


@mark.parametrize("case", CASES)
async def test_a_service_that_says_nothing_holds_nobody_for_long(case: Case, tmp_path: Path) -> None:
    async with staged(case, tmp_path) as (_, credential, server, _):
        server.mode = "Hang"

        with raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await credential.ready()
        assert credential.prove(OUTGOING) is None
        server.mode = "Issue"
        server.released.set()

        assert gateway_holds(await prove(credential), server) == server.issued[-1]
        assert server.asked <= 3


@mark.parametrize("spec", [param(spec, id=name) for name, spec in AT_HAND.items()])
async def test_what_is_at_hand_is_ready_at_once_and_shows_nothing(spec: CredentialSpec) -> None:
    credential = spec.start()

    await credential.ready()

    assert isinstance(credential.prove(OUTGOING), Proof)
    assert not credential.refuse(0, 500, None) or spec == AT_HAND["several keys"]
    shown = [repr(each) for each in (spec, credential, credential.prove(OUTGOING))]
    assert not any(SECRET in each or KEY_ID in each for each in shown)


@mark.parametrize("spec", [param(spec, id=name) for name, spec in AT_HAND.items()])
def test_only_what_never_changes_says_so(spec: CredentialSpec) -> None:
    assert spec.start().is_fixed == (spec in (AT_HAND["nothing"], AT_HAND["one key"]))


@mark.parametrize("case", CASES)
async def test_specs_are_values(case: Case, tmp_path: Path) -> None:
    async with staged(case, tmp_path) as (spec, credential, server, _):
        same = case(Stage(server.url, tmp_path, VirtualClock().clock))[0]

        assert (spec, hash(spec)) == (same, hash(same))
        assert {spec: 1}[same] == 1
        assert type(spec.start()) is type(credential)


def test_specs_with_other_secrets_are_other_specs() -> None:
    assert ApiKeys((SECRET,)) != ApiKeys(("other",))
    assert AwsKeys(SCOPE, KEY_ID, SECRET) != AwsKeys(SCOPE, KEY_ID, "other")
    assert AwsKeys(SCOPE, KEY_ID, SECRET) != AwsKeys(AwsScope("eu-west-1"), KEY_ID, SECRET)
    assert OAuthClient("u", "c", "a") != OAuthClient("u", "c", "b")
