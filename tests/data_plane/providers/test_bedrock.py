"""Bedrock against the SDKs that ask it."""

from collections.abc import Callable
from typing import Any

from anthropic import AnthropicBedrock
from openai import OpenAI
from openai.providers import bedrock as openai_on_bedrock
from pytest import fixture, mark, param

from data_plane.codecs.aws_event_stream import MessageSplitter
from data_plane.codecs.bedrock_invoke import InvokeReframer
from data_plane.llm.failure import FailureKind
from data_plane.providers.bedrock import BEDROCK, SURFACES
from data_plane.providers.surface import Asked, Place
from tests.fakes.sdk_request import Recorder, url_of, worded

HERE = Place("us-east-1")
HELLO: Any = [{"role": "user", "content": "hi"}]
TURNS: Any = [{"role": "user", "content": [{"text": "hi"}]}]
CLAUDE = "anthropic.claude-3-5-sonnet-20241022-v2:0"
PROFILE = "us.anthropic.claude-sonnet-4-20250514-v1:0"
PROFILE_ARN = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-20250514-v1:0"
OWN_ARN = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3"
MODELS = [CLAUDE, PROFILE, PROFILE_ARN, OWN_ARN, "amazon.nova-pro-v1:0"]


@fixture
def recorder() -> Recorder:
    return Recorder()


@mark.parametrize("model", MODELS)
@mark.parametrize(
    "wire, stream, call",
    [
        param("bedrock-converse", False, lambda aws, m: aws.converse(modelId=m, messages=TURNS), id="converse"),
        param("bedrock-converse", True, lambda aws, m: aws.converse_stream(modelId=m, messages=TURNS), id="stream"),
        param("anthropic-messages", False, lambda aws, m: aws.invoke_model(modelId=m, body=b"{}"), id="invoke"),
        param(
            "anthropic-messages",
            True,
            lambda aws, m: aws.invoke_model_with_response_stream(modelId=m, body=b"{}"),
            id="invoke as stream",
        ),
        param(
            "bedrock-count-tokens",
            False,
            lambda aws, m: aws.count_tokens(modelId=m, input={"converse": {"messages": TURNS}}),
            id="count",
        ),
    ],
)
def test_paths_are_those_of_botocore(
    recorder: Recorder, model: str, wire: str, stream: bool, call: Callable[[Any, str], object]
) -> None:
    aws = recorder.botocore("bedrock-runtime", HERE.region)
    sent = recorder.of(lambda: call(aws, model))

    assert url_of(BEDROCK, wire, Asked(model, stream), HERE) == sent.url


@mark.parametrize(
    "region",
    ["us-east-1", "eu-central-1", "us-gov-west-1", "cn-north-1", "us-iso-east-1", "us-isob-east-1", "eusc-de-east-1"],
)
def test_the_public_address_of_a_region_is_that_of_botocore(recorder: Recorder, region: str) -> None:
    assert BEDROCK.base_url is not None
    assert BEDROCK.base_url(Place(region)) == recorder.botocore("bedrock-runtime", region).meta.endpoint_url


@mark.parametrize(
    "headers, given",
    [
        param({}, {}, id="plain"),
        param({b"anthropic-beta": b"a-1, b-2"}, {"betas": ["a-1", "b-2"]}, id="betas"),
        param({b"anthropic-user-profile-id": b"u1"}, {"user_profile_id": "u1"}, id="user profile"),
    ],
)
@mark.parametrize("stream", [False, True])
def test_bodies_for_claude_are_those_of_its_sdk(
    recorder: Recorder, headers: dict[bytes, bytes], given: dict[str, Any], stream: bool
) -> None:
    sdk: Any = AnthropicBedrock(api_key="k", aws_region=HERE.region, http_client=recorder.httpx2())
    asked = Asked(PROFILE, stream, headers=headers)
    sent = recorder.of(
        lambda: sdk.beta.messages.create(model=PROFILE, max_tokens=5, messages=HELLO, stream=stream, **given)
    )
    client = {"model": "asked", "max_tokens": 5, "messages": HELLO, "stream": stream}
    made = worded(SURFACES["anthropic-messages"], client, asked)

    assert made == {**sent.body, "anthropic_version": "bedrock-2023-05-31"}  # older models take no newer one
    assert sent.url.endswith("/invoke-with-response-stream" if stream else "/invoke")
    assert SURFACES["anthropic-messages"].path(asked).endswith(sent.url.rpartition("/")[2].encode())


def test_what_a_body_says_itself_is_kept() -> None:
    own = {"anthropic_version": "2026-10-21", "anthropic_beta": ["c"], "user_profile_id": "mine"}
    asked = Asked(CLAUDE, headers={b"anthropic-beta": b"a", b"anthropic-user-profile-id": b"theirs"})

    assert worded(SURFACES["anthropic-messages"], own, asked) == own


def test_an_empty_list_of_betas_is_none() -> None:
    asked = Asked(CLAUDE, headers={b"anthropic-beta": b" ,"})

    assert "anthropic_beta" not in worded(SURFACES["anthropic-messages"], {"max_tokens": 1}, asked)


def test_models_of_openai_are_asked_as_by_its_sdk(recorder: Recorder) -> None:
    provider = openai_on_bedrock(endpoint="runtime", region=HERE.region, api_key="k")
    sdk = OpenAI(provider=provider, http_client=recorder.httpx2(), max_retries=0)
    model = "openai.gpt-oss-120b-1:0"
    sent = recorder.of(lambda: sdk.chat.completions.create(model=model, messages=HELLO))

    assert url_of(BEDROCK, "openai-chat", Asked(model), HERE) == sent.url
    assert sent.headers[SURFACES["openai-chat"].key_header] == "Bearer k"
    assert worded(SURFACES["openai-chat"], {**sent.body, "model": "asked"}, Asked(model)) == sent.body


@mark.parametrize(
    "model, wires",
    [
        (CLAUDE, ["bedrock-converse", "anthropic-messages", "bedrock-count-tokens"]),
        (PROFILE, ["bedrock-converse", "anthropic-messages"]),
        (PROFILE_ARN, ["bedrock-converse", "anthropic-messages"]),
        (OWN_ARN, ["bedrock-converse"]),
        ("openai.gpt-oss-120b-1:0", ["bedrock-converse", "openai-chat"]),
        ("amazon.titan-embed-text-v2:0", ["bedrock-converse", "bedrock-titan-embeddings"]),
        ("cohere.embed-v4:0", ["bedrock-converse", "bedrock-cohere-embeddings"]),
        ("us.cohere.embed-v4:0", ["bedrock-converse", "bedrock-cohere-embeddings"]),
        ("amazon.nova-2-multimodal-embeddings-v1:0", ["bedrock-converse", "bedrock-nova-embeddings"]),
        ("cohere.rerank-v3-5:0", ["bedrock-converse", "bedrock-cohere-rerank"]),
    ],
)
def test_each_model_is_asked_in_the_apis_that_it_has(model: str, wires: list[str]) -> None:
    found = [wire for wire, surface in SURFACES.items() if surface.takes is None or surface.takes(model)]

    assert found == wires  # in order: other APIs are translated into the first of a family


def test_streams_are_cut_and_framed_as_they_come() -> None:
    assert SURFACES["bedrock-converse"].cutter is MessageSplitter
    assert SURFACES["anthropic-messages"].reframe is InvokeReframer


def test_errors_are_read_as_those_of_aws() -> None:
    decode = SURFACES["anthropic-messages"].decode_failure
    assert decode is not None
    failure = decode(429, {b"x-amzn-errortype": b"ThrottlingException:http://x"}, b'{"message": "slow down"}')

    assert (failure.kind, failure.message) == (FailureKind.RATE_LIMIT, "slow down")


def test_the_region_must_be_given() -> None:
    assert BEDROCK.needs == ("region",)
