"""A fake of Bedrock's Converse and ConverseStream. Its rules are those of `tests.fakes.bedrock_rules`."""

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.fakes.aws_event_stream import event, exception
from tests.fakes.bedrock_rules import assert_accepted
from tests.fakes.matrix_scenario import Answer, Failure, Json
from tests.fakes.provider_anthropic import Anthropic
from tests.fakes.provider_stage import Asked, Heard, Refused, Reply, Run, pieces_of, require

AWS_KEYS = {"accessKeyId": "AKIDEXAMPLE", "secretAccessKey": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([A-Z0-9]+)/[0-9]{8}/([a-z0-9-]+)/bedrock/aws4_request, "
    r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})"
)
INVOKE = re.compile(r"/model/([^/]+)/(invoke|invoke-with-response-stream)")
PATH = re.compile(r"/model/([^/]+)/(converse|converse-stream)")
STOPS = {
    "end": "end_turn",
    "sequence": "stop_sequence",
    "length": "max_tokens",
    "tool": "tool_use",
    "refusal": "content_filtered",
    "filter": "content_filtered",
}
NAMES = {
    "invalid": (400, "ValidationException"),
    "context": (400, "ValidationException"),
    "auth": (403, "UnrecognizedClientException"),
    "signature": (403, "InvalidSignatureException"),
    "missing": (404, "ResourceNotFoundException"),
    "rate": (429, "ThrottlingException"),
    "server": (500, "InternalServerException"),
    "overloaded": (503, "ServiceUnavailableException"),
}
CONTEXT = "Input is too long for requested model."
MEDIA = {"png": "image/png", "jpeg": "image/jpeg", "pdf": "application/pdf"}
STOP_PATH = "/stop_sequence"


def check_signature(asked: Asked) -> None:
    """As AWS does, by botocore's own arithmetic."""
    found = AUTHORIZATION.fullmatch(asked.headers.get("authorization", ""))
    if found is None or found[1] != AWS_KEYS["accessKeyId"]:
        raise Refused("The security token included in the request is invalid.", 403, "auth")
    region, names, signature = found[2], found[3].split(";"), found[4]
    path = f"{asked.path}?{asked.query}" if asked.query else asked.path
    request = AWSRequest(asked.method, f"http://{asked.headers['host']}{path}", data=asked.body)
    for name in names:
        request.headers[name] = asked.headers[name]
    request.context["timestamp"] = asked.headers["x-amz-date"]
    credentials = Credentials(AWS_KEYS["accessKeyId"], AWS_KEYS["secretAccessKey"])
    auth = SigV4Auth(credentials, "bedrock", region)
    text = auth.string_to_sign(request, auth.canonical_request(request))
    if auth.signature(text, request) != signature or not {"host", "x-amz-date"} <= set(names):
        message = "The request signature we calculated does not match the signature you provided."
        raise Refused(message, 403, "signature")


class BedrockConverse:
    """With one of Anthropic's models."""

    name = "bedrock"
    family = "claude"
    lacks: tuple[str, ...] = ()
    shows = frozenset(("ids", "thought", "proof", "sequence", "user"))
    stream_type = "application/vnd.amazon.eventstream"

    def serves(self, path: str) -> bool:
        return path.endswith(("/converse", "/converse-stream"))

    def read(self, asked: Asked) -> Heard:
        self.check_signature(asked)
        found = PATH.fullmatch(asked.path)
        if found is None:
            raise Refused("UnknownOperationException", 404, "missing")
        require(
            any(each in unquote(found[1]) for each in ("anthropic.", "amazon.nova")),
            "The provided model identifier is invalid.",
        )
        body = asked.json()
        future = body.pop("x_future", None)
        try:
            assert_accepted(body)
        except AssertionError as error:
            raise Refused(f"the request breaks a rule of Converse: {error}") from None
        heard = Heard(stream=found[2] == "converse-stream", extra=future)
        heard.caches = "cachePoint" in json.dumps(body)
        heard.system = "".join(each.get("text", "") + "\n" for each in body.get("system", ()))
        for message in body["messages"]:
            texts = "".join(text for block in message["content"] for text in _read_block(block, heard))
            if message["role"] == "system":
                heard.system += texts + "\n"
            else:
                (heard.users if message["role"] == "user" else heard.assistants).append(texts)
            heard.turns += message["role"] == "assistant"
        _read_tools(body, heard)
        _read_options(body, heard)
        return heard

    def check_signature(self, asked: Asked) -> None:
        check_signature(asked)

    def whole(self, answer: Answer, heard: Heard, run: Run) -> bytes:
        message = {"role": "assistant", "content": list(_content(answer, heard, run))}
        body: Json = {"output": {"message": message}, "stopReason": STOPS[answer.stop], **_metadata(answer)}
        return json.dumps({**body, **_stop_field(answer)}).encode()

    def stream(self, answer: Answer, heard: Heard, run: Run) -> list[bytes]:
        frames = [event("messageStart", {"role": "assistant"})]
        for index, block in enumerate(_content(answer, heard, run)):
            for name, payload in _block_events(block):
                frames.append(event(name, {"contentBlockIndex": index, **payload}))
        if answer.breaks == "error":
            return [*frames[:-1], exception("modelStreamErrorException", {"message": "The model failed."})]
        frames.append(event("messageStop", {"stopReason": STOPS[answer.stop], **_stop_field(answer)}))
        return [*frames, event("metadata", _metadata(answer))]

    def failure(self, failure: Failure, message: str) -> Reply:
        status, name = NAMES[failure.kind]
        headers = {"content-type": "application/json", "x-amzn-errortype": f"{name}:http://internal.amazon.com/"}
        headers["x-amzn-requestid"] = "req_1"
        if failure.retry_after:
            headers["retry-after"] = str(failure.retry_after)
        return Reply(status, headers, (json.dumps({"message": message or CONTEXT}).encode(),))


class BedrockInvoke(Anthropic):
    """Claude's own API, in AWS's framing."""

    name = "bedrock-invoke"
    stream_type = "application/vnd.amazon.eventstream"
    is_named_by_path = True

    def serves(self, path: str) -> bool:
        return path.endswith(("/invoke", "/invoke-with-response-stream"))

    def check_call(self, asked: Asked) -> None:
        check_signature(asked)
        found = INVOKE.fullmatch(asked.path)
        if found is None:
            raise Refused("UnknownOperationException", 404, "missing")
        body = asked.json()
        require(body.get("anthropic_version") == "bedrock-2023-05-31", "anthropic_version: Field required")
        require(not {"model", "stream"} & set(body), "model, stream: Extra inputs are not permitted")

    def read(self, asked: Asked) -> Heard:
        heard = super().read(asked)
        heard.stream = asked.path.endswith("-stream")
        return heard

    def stream(self, answer: Answer, heard: Heard, run: Run) -> list[bytes]:
        datas = [frame.partition(b"data: ")[2].strip() for frame in super().stream(answer, heard, run)]
        frames = [event("chunk", {"bytes": b64encode(data).decode()}) for data in datas]
        if answer.breaks == "error":
            frames[-1] = exception("modelStreamErrorException", {"message": "The model failed."})
        return frames

    def failure(self, failure: Failure, message: str) -> Reply:
        return BedrockConverse().failure(failure, message)


def _read_block(block: Json, heard: Heard) -> Iterator[str]:
    match block:
        case {"text": str(text)}:
            yield text
        case {"image": {"format": str(form), "source": {"bytes": str(data)}}}:
            heard.media.append((MEDIA[form], data))
        case {"document": {"format": str(form), "source": {"bytes": str(data)}}}:
            heard.media.append((MEDIA[form], data))
        case {"toolUse": call}:
            heard.calls.append((call["toolUseId"], call["name"], call["input"]))
        case {"toolResult": result}:
            text = "".join(each["text"] for each in result["content"])
            heard.results.append((result["toolUseId"], text))
        case {"reasoningContent": {"reasoningText": {"signature": str(signature)}}}:
            heard.proofs.append(signature)
        case {"reasoningContent": {"redactedContent": str(data)}}:
            heard.proofs.append(data)


def _read_tools(body: Json, heard: Heard) -> None:
    config = body.get("toolConfig", {})
    for tool in config.get("tools", ()):
        spec = tool["toolSpec"]
        heard.tools[spec["name"]] = spec["inputSchema"]["json"]
        if spec.get("strict"):
            heard.strict.add(spec["name"])
    choice = config.get("toolChoice") or body.get("additionalModelRequestFields", {}).get("tool_choice") or {}
    if "type" in choice:  # Claude's own words
        words = {"auto": "auto", "any": "required", "none": "none", "tool": choice.get("name", "")}
        heard.choice = words[choice["type"]]
        if "disable_parallel_tool_use" in choice:
            heard.parallel = not choice["disable_parallel_tool_use"]
    elif choice:
        heard.choice = choice["tool"]["name"] if "tool" in choice else "required" if "any" in choice else "auto"


def _read_options(body: Json, heard: Heard) -> None:
    limits, fields = body.get("inferenceConfig", {}), body.get("additionalModelRequestFields", {})
    heard.max_tokens, heard.stop = limits.get("maxTokens"), limits.get("stopSequences", [])
    heard.temperature, heard.top_p = limits.get("temperature"), limits.get("topP")
    heard.thinks = fields.get("thinking", {}).get("type", "disabled") != "disabled"
    heard.user = fields.get("metadata", {}).get("user_id", "") or body.get("requestMetadata", {}).get("user_id", "")
    output = body.get("outputConfig", {}).get("textFormat")
    if output is not None:
        heard.schema = json.loads(output["structure"]["jsonSchema"]["schema"])
    heard.wants_sequence = STOP_PATH in body.get("additionalModelResponseFieldPaths", ())


def _content(answer: Answer, heard: Heard, run: Run) -> Iterator[Json]:
    if answer.thought and heard.thinks:
        yield {"reasoningContent": {"reasoningText": {"text": answer.thought, "signature": run.prove("thought")}}}
    if answer.text or answer.refusal:
        yield {"text": answer.text or answer.refusal}
    for index, call in enumerate(answer.calls):
        id = run.call_id(index, "tooluse_{n:022d}")
        yield {"toolUse": {"toolUseId": id, "name": call.name, "input": call.arguments}}


def _block_events(block: Json) -> Iterator[tuple[str, Json]]:
    match block:
        case {"text": str(text)}:
            yield from (("contentBlockDelta", {"delta": {"text": each}}) for each in pieces_of(text))
        case {"reasoningContent": {"reasoningText": {"text": text, "signature": signature}}}:
            for each in pieces_of(text):
                yield "contentBlockDelta", {"delta": {"reasoningContent": {"text": each}}}
            yield "contentBlockDelta", {"delta": {"reasoningContent": {"signature": signature}}}
        case {"toolUse": call}:
            start = {"toolUseId": call["toolUseId"], "name": call["name"]}
            yield "contentBlockStart", {"start": {"toolUse": start}}
            for each in pieces_of(json.dumps(call["input"]) if call["input"] else ""):
                yield "contentBlockDelta", {"delta": {"toolUse": {"input": each}}}
    yield "contentBlockStop", {}


def _stop_field(answer: Answer) -> Json:
    return {"additionalModelResponseFields": {"stop_sequence": answer.stop_sequence}} if answer.stop_sequence else {}


def _metadata(answer: Answer) -> Json:
    tokens = answer.tokens
    usage: dict[str, Any] = {
        "inputTokens": tokens.input - tokens.cached,
        "outputTokens": tokens.output,
        "totalTokens": tokens.input + tokens.output,
    }
    if tokens.cached:
        usage |= {"cacheReadInputTokens": tokens.cached, "cacheWriteInputTokens": 0}
    return {"usage": usage, "metrics": {"latencyMs": 551}}
