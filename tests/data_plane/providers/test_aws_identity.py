"""Which of its identities a pod in AWS uses."""

from collections.abc import Mapping
from pathlib import Path

from pytest import LogCaptureFixture, mark, param, raises

from data_plane.errors import ProviderAuthFailed
from data_plane.providers.aws_identity import AwsWorkloadIdentity, start_aws_identity
from data_plane.providers.aws_keys import AwsScope
from data_plane.providers.aws_role import AwsRole
from tests.fakes.aws_issuer import CONTAINER_TOKEN, EXTERNAL_ID, ROLE
from tests.fakes.credential_cases import PATHS
from tests.fakes.identity_server import serving
from tests.fakes.oauth_issuer import POD_TOKEN
from tests.fakes.virtual_clock import VirtualClock

SCOPE = AwsScope("us-east-1")


async def asked(spec: AwsWorkloadIdentity, environment: Mapping[str, str], folder: Path) -> list[str]:
    """Which paths of the fake were asked, in order. `{url}` and `{token}` in the environment are filled in."""
    (folder / "token").write_text(POD_TOKEN)
    time = VirtualClock()
    async with serving(time.wall, PATHS) as server:
        values = {"url": server.url, "token": str(folder / "token")}
        given = {name: text.format_map(values) for name, text in environment.items()}
        role = AwsRole(spec.role.arn, spec.role.session, spec.role.external_id, spec.role.url.format_map(values))
        made = AwsWorkloadIdentity(spec.scope, role, spec.token_file.format_map(values))
        await start_aws_identity(made, given, time.clock).ready()
    assert server.faults == []
    return server.paths


CONTAINER = {
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "{url}/container",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN": CONTAINER_TOKEN,
}
INSTANCE = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": "{url}"}
OF_WEB = {"AWS_ROLE_ARN": ROLE, "AWS_WEB_IDENTITY_TOKEN_FILE": "{token}", "AWS_ENDPOINT_URL_STS": "{url}/sts"}
OWN = AwsWorkloadIdentity(SCOPE, AwsRole(ROLE, url="{url}/sts"), "{token}")


@mark.parametrize(
    "spec, environment, first",
    [
        param(AwsWorkloadIdentity(SCOPE), OF_WEB | CONTAINER | INSTANCE, "/sts", id="a web identity before all"),
        param(OWN, CONTAINER | INSTANCE, "/sts", id="a web identity that is configured"),
        param(AwsWorkloadIdentity(SCOPE), CONTAINER | INSTANCE, "/container", id="a container before the instance"),
        param(AwsWorkloadIdentity(SCOPE), INSTANCE, "/latest/api/token", id="the instance"),
    ],
)
async def test_identities_are_looked_for_in_the_order_of_aws_s_libraries(
    spec: AwsWorkloadIdentity, environment: Mapping[str, str], first: str, tmp_path: Path
) -> None:
    assert (await asked(spec, environment, tmp_path))[0] == first


async def test_a_token_without_a_role_is_an_error_that_says_what_to_do(
    tmp_path: Path, caplog: LogCaptureFixture
) -> None:
    with raises(ProviderAuthFailed):
        await asked(AwsWorkloadIdentity(SCOPE, token_file="{token}"), {}, tmp_path)
    assert "set `aws.roleArn`, or annotate the service account" in caplog.text


async def test_a_role_without_a_token_is_taken_on_by_the_container_s_keys(tmp_path: Path) -> None:
    spec = AwsWorkloadIdentity(SCOPE, AwsRole(ROLE, external_id=EXTERNAL_ID, url="{url}/sts"))

    assert await asked(spec, CONTAINER, tmp_path) == ["/container", "/sts"]
