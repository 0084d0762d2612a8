"""Which application of Entra the gateway is, and by what it proves it."""

from collections.abc import Mapping
from pathlib import Path

from pytest import LogCaptureFixture, mark, raises

from data_plane.errors import ProviderAuthFailed
from data_plane.providers.azure_identity import (
    AzureAccount,
    AzureWorkloadIdentity,
    azure_client,
    start_azure_identity,
    token_url,
)
from tests.fakes.credential_cases import PATHS
from tests.fakes.identity_server import serving
from tests.fakes.oauth_issuer import CLIENT_ID, POD_TOKEN
from tests.fakes.virtual_clock import VirtualClock

AZURE = "https://cognitiveservices.azure.com/.default"


@mark.parametrize("authority", ["https://login.microsoftonline.us", "https://login.microsoftonline.us/"])
def test_tokens_come_from_the_tenant_s_address_at_its_cloud(authority: str) -> None:
    assert token_url(authority, "t-1") == "https://login.microsoftonline.us/t-1/oauth2/v2.0/token"
    assert azure_client(AzureAccount("t-1", "c", AZURE), "s").token_url == (
        "https://login.microsoftonline.com/t-1/oauth2/v2.0/token"
    )


async def test_what_is_configured_comes_before_the_environment(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(POD_TOKEN)
    environment = {
        "AZURE_TENANT_ID": "other",
        "AZURE_CLIENT_ID": "other",
        "AZURE_AUTHORITY_HOST": "http://127.0.0.1:9",
        "AZURE_FEDERATED_TOKEN_FILE": "/missing",
    }
    async with serving(lambda: 0.0, PATHS) as server:
        account = AzureAccount("tenant-1", CLIENT_ID, AZURE, server.url)
        spec = AzureWorkloadIdentity(account, str(tmp_path / "token"))
        await start_azure_identity(spec, environment, VirtualClock().clock).ready()

    assert (server.faults, server.asked) == ([], 1)


@mark.parametrize("missing", ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE"])
async def test_what_the_environment_lacks_is_named(missing: str, caplog: LogCaptureFixture, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(POD_TOKEN)
    environment: Mapping[str, str] = {
        "AZURE_TENANT_ID": "t",
        "AZURE_CLIENT_ID": "c",
        "AZURE_FEDERATED_TOKEN_FILE": str(tmp_path / "token"),
        missing: "",
    }
    with raises(ProviderAuthFailed):
        await start_azure_identity(AzureWorkloadIdentity(AzureAccount()), environment).ready()

    assert f"the environment has no {missing}: label the pod" in caplog.text


async def test_a_renewed_file_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("old.old.old")
    time = VirtualClock()
    async with serving(time.wall, PATHS) as server:
        account = AzureAccount("tenant-1", CLIENT_ID, AZURE, server.url)
        credential = start_azure_identity(AzureWorkloadIdentity(account, str(tmp_path / "token")), {}, time.clock)
        with raises(ProviderAuthFailed):
            await credential.ready()

        (tmp_path / "token").write_text(POD_TOKEN)
        time.go_on(60)

        await credential.ready()
        assert len(server.issued) == 1
