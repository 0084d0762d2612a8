"""Requests of Bedrock's Converse and ConverseStream, written for the provider; their bodies are the same.

Source: docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html (2026-11).
"""

import re
from collections.abc import Mapping
from urllib.parse import quote

import msgspec

from data_plane.codecs.bedrock_block import BlockEncoder
from data_plane.codecs.bedrock_model import TOP_K, Family, family_of, takes_cache_points
from data_plane.codecs.bedrock_options import BedrockOptions, Json
from data_plane.codecs.bedrock_reasoning import ReasoningEncoder
from data_plane.codecs.bedrock_tools import ToolsEncoder
from data_plane.codecs.bedrock_turns import Conversation, encode_turns
from data_plane.llm.loss import Losses, client_word
from data_plane.llm.request import GenerateRequest
from data_plane.llm.traits import Traits

MAX_TEMPERATURE = 1.0
MIN_TOP_P_WITH_THOUGHT = 0.95  # Claude's
MAX_METADATA = 16
LIMITS: Mapping[str, str] = {"temperature": "temperature", "top_p": "topP"}
# Of OpenAI's words, and of Anthropic's.
TIERS: Mapping[str, str] = {
    "default": "default",
    "flex": "flex",
    "priority": "priority",
    "standard_only": "default",
}
METADATA_KEY = re.compile(r"[a-zA-Z0-9\s:_@$#=/+,.-]{1,256}", re.ASCII)
METADATA_VALUE = re.compile(r"[a-zA-Z0-9\s:_@$#=/+,.-]{0,256}", re.ASCII)
STOP_SEQUENCE_PATHS = ("/stop_sequence", "/delta/stop_sequence")  # in whole answers, and in streams

_encode = msgspec.json.Encoder().encode


def path_of(model: str, *, streams: bool) -> bytes:
    """Below the provider's root. A model may be named by an ARN, whose colons and slashes are part of the name."""
    operation = b"converse-stream" if streams else b"converse"
    return b"/model/%b/%b" % (quote(model, safe="").encode(), operation)


def encode_request(request: GenerateRequest, traits: Traits, losses: Losses) -> bytes:
    """The body that asks a provider for this. The model is named by the path, and so is whether it streams."""
    family = family_of(request.model, traits)
    blocks = BlockEncoder(family, losses, takes_cache=takes_cache_points(request.model, family))
    talk = encode_turns(request, traits, losses, blocks)
    options = BedrockOptions()
    body: Json = {"messages": [{"role": turn.role, "content": turn.blocks} for turn in talk.turns]}
    if talk.system:
        body["system"] = talk.system
    tools = ToolsEncoder(request, traits, losses, blocks, options)
    is_forced = tools.add(body, family, has_blocks=_has_tool_blocks(talk))
    if request.max_output_tokens is not None:
        options.limits["maxTokens"] = request.max_output_tokens
    _add_stops(options.limits, body, request, family, losses)
    thinks = ReasoningEncoder(request, traits, losses, options).add(family, talk, is_forced=is_forced)
    values = _fitting(request, losses, is_claude=family is Family.CLAUDE, thinks=thinks)
    for name in _place(options, values, family) if traits.takes_sampling else values:
        losses.drop(client_word(request, name))
    _drop_unknown(request, losses)
    options.add_to(body)
    _add_rest(body, request, losses)
    return _encode(body)


def _has_tool_blocks(talk: Conversation) -> bool:
    return any("toolUse" in block or "toolResult" in block for turn in talk.turns for block in turn.blocks)


def _add_stops(limits: Json, body: Json, request: GenerateRequest, family: Family, losses: Losses) -> None:
    """Claude takes none of white space alone, the others none that is empty."""
    is_claude = family is Family.CLAUDE
    kept = [stop for stop in request.stop if (stop.strip() if is_claude else stop)]
    if len(kept) < len(request.stop):
        losses.drop(client_word(request, "stop"))
    if not kept:
        return
    limits["stopSequences"] = kept
    if is_claude:
        body["additionalModelResponseFieldPaths"] = [STOP_SEQUENCE_PATHS[request.stream]]


def _fitting(request: GenerateRequest, losses: Losses, *, is_claude: bool, thinks: bool) -> Json:
    """What is said of sampling, as it is taken. Of Claude, values that change nothing go first: some models refuse to
    be told both temperature and `top_p`; and who thinks may not be told much.
    """
    sampling = request.sampling
    temperature, top_p, top_k = sampling.temperature, sampling.top_p, sampling.top_k
    if is_claude:
        temperature = None if temperature == MAX_TEMPERATURE else temperature
        top_p = None if top_p == 1.0 else top_p
    if temperature is not None and (thinks or temperature > MAX_TEMPERATURE):
        losses.drop(client_word(request, "temperature"))
        temperature = None if thinks else MAX_TEMPERATURE
    if top_p is not None and thinks and top_p < MIN_TOP_P_WITH_THOUGHT:
        losses.drop(client_word(request, "top_p"))
        top_p = None
    if top_k is not None and thinks:
        losses.drop(client_word(request, "top_k"))
        top_k = None
    values = {"temperature": temperature, "top_p": top_p, "top_k": top_k}
    return {name: value for name, value in values.items() if value is not None}


def _place(options: BedrockOptions, values: Json, family: Family) -> list[str]:
    """Names of those for which there is no place: the API itself has no `top_k`, and models word it differently."""
    for name, value in values.items():
        if name in LIMITS:
            options.limits[LIMITS[name]] = value
        elif family is Family.NOVA:
            options.fields["inferenceConfig"] = {"topK": value}
        elif family in TOP_K:
            options.fields[TOP_K[family]] = value
    has_no_place = "top_k" in values and family is not Family.NOVA and family not in TOP_K
    return ["top_k"] if has_no_place else []


def _drop_unknown(request: GenerateRequest, losses: Losses) -> None:
    """What this API has no word for, unless it says what is so in any case."""
    sampling = request.sampling
    says = {
        "n": request.candidates != 1,
        "min_p": sampling.min_p,
        "frequency_penalty": sampling.frequency_penalty,
        "presence_penalty": sampling.presence_penalty,
        "repetition_penalty": sampling.repetition_penalty not in (None, 1.0),
        "seed": sampling.seed is not None,
        "logit_bias": sampling.logit_bias,
        "logprobs": sampling.logprobs,
        "top_logprobs": sampling.top_logprobs,
    }
    for name, value in says.items():
        if value:
            losses.drop(client_word(request, name))


def _add_rest(body: Json, request: GenerateRequest, losses: Losses) -> None:
    tier = TIERS.get(request.service_tier)
    if tier is not None:
        body["serviceTier"] = {"type": tier}
    elif request.service_tier and request.service_tier != "auto":
        losses.drop(client_word(request, "service_tier"))
    metadata = _metadata(request, losses)
    if metadata:
        body["requestMetadata"] = metadata
    if request.store:
        losses.drop(client_word(request, "store"))
    losses.drop_all(request.extras)


def _metadata(request: GenerateRequest, losses: Losses) -> dict[str, str]:
    """By which the provider's logs can be searched. Who the end user is changes no answer: it is told if it fits."""
    kept = {
        key: value
        for key, value in request.metadata.items()
        if METADATA_KEY.fullmatch(key) and METADATA_VALUE.fullmatch(value)
    }
    if len(kept) < len(request.metadata) or len(kept) > MAX_METADATA:
        losses.drop(client_word(request, "metadata"))
        kept = dict(list(kept.items())[:MAX_METADATA])
    user = request.end_user
    if user and "user_id" not in kept and len(kept) < MAX_METADATA and METADATA_VALUE.fullmatch(user):
        kept["user_id"] = user
    return kept
