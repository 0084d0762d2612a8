"""A fake of Gemini's API, of Google AI Studio and of Vertex AI.

Sources: ai.google.dev/api (v1beta), ai.google.dev/gemini-api/docs/thought-signatures, the SDK's types, and messages of
the API's errors.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from google.genai import types

from tests.fakes.matrix_scenario import Answer, Failure, Json
from tests.fakes.provider_stage import (
    FUTURE,
    KEY,
    Asked,
    Heard,
    Refused,
    Reply,
    Run,
    check_fields,
    pieces_of,
    require,
    sse,
)

PATH = re.compile(r"/v1beta/models/([^/:]+):(generateContent|streamGenerateContent)")
FIELDS = (
    *("contents", "systemInstruction", "tools", "toolConfig", "safetySettings", "generationConfig", "cachedContent"),
    *("labels", "serviceTier", "store", "model"),
)
CONFIG = frozenset(
    (
        *("temperature", "topP", "topK", "candidateCount", "maxOutputTokens", "stopSequences", "responseLogprobs"),
        *("logprobs", "presencePenalty", "frequencyPenalty", "seed", "responseMimeType", "responseSchema"),
        *("responseJsonSchema", "responseModalities", "thinkingConfig", "mediaResolution", "speechConfig"),
    )
)
# What `parameters` and `responseSchema` may say: an OpenAPI subset.
SCHEMA = frozenset(found.alias or name for name, found in types.Schema.model_fields.items())
NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,127}")
MEDIA = frozenset(("image/png", "image/jpeg", "image/webp", "image/heic", "image/heif", "application/pdf"))
PARTS = frozenset(
    (
        "text",
        "thought",
        "thoughtSignature",
        "inlineData",
        "fileData",
        "functionCall",
        "functionResponse",
        "partMetadata",
    )
)
FREE = frozenset(("args", "response", "parameters", "parametersJsonSchema", "responseSchema", "responseJsonSchema"))
STOPS = {
    "end": "STOP",
    "sequence": "STOP",
    "length": "MAX_TOKENS",
    "tool": "STOP",
    "refusal": "SAFETY",
    "filter": "SAFETY",
}
STATUSES = {
    "invalid": (400, "INVALID_ARGUMENT"),
    "context": (400, "INVALID_ARGUMENT"),
    "auth": (401, "UNAUTHENTICATED"),
    "missing": (404, "NOT_FOUND"),
    "rate": (429, "RESOURCE_EXHAUSTED"),
    "server": (500, "INTERNAL"),
    "overloaded": (503, "UNAVAILABLE"),
}
CONTEXT = "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."


class Gemini:
    """Models of the third generation want signatures of calls back, and think by level; those before by budget."""

    name = "gemini"
    family = "google"
    lacks: tuple[str, ...] = ()
    shows = frozenset(("thought", "proof", "logprobs", "candidates", "reasoning"))
    stream_type = "text/event-stream"
    path = PATH

    def serves(self, path: str) -> bool:
        return path.endswith(("generateContent", "streamGenerateContent"))

    def read(self, asked: Asked) -> Heard:
        self.check_key(asked)
        found = self.path.fullmatch(asked.path)
        if found is None:
            raise Refused(f"{asked.path} is not found", 404, "missing")
        model, method = found[1], found[2]
        body = camel(asked.json())
        check_fields(body, FIELDS)
        heard = Heard(stream=method == "streamGenerateContent", extra=body.get("x_future"))
        require(not heard.stream or "alt=sse" in asked.query, "this fake streams events alone")
        for part in (body.get("systemInstruction") or {}).get("parts", ()):
            heard.system += part["text"] + "\n"
        _Contents(heard, wants_signatures=model.startswith("gemini-3")).read(body.get("contents"))
        _read_tools(body, heard)
        _read_config(body.get("generationConfig") or {}, heard, model)
        return heard

    def check_key(self, asked: Asked) -> None:
        if asked.headers.get("x-goog-api-key") != KEY:
            raise Refused("API key not valid. Please pass a valid API key.", 400, "invalid")

    def whole(self, answer: Answer, heard: Heard, run: Run) -> bytes:
        parts = list(_parts(answer, heard, run))
        candidates = [_candidate(index, parts, answer, heard) for index in range(heard.candidates)]
        return json.dumps({"candidates": candidates, "usageMetadata": _usage(answer), **_head(run)}).encode()

    def stream(self, answer: Answer, heard: Heard, run: Run) -> list[bytes]:
        frames = []
        start = {"promptTokenCount": answer.tokens.input, "totalTokenCount": answer.tokens.input}
        for index in range(heard.candidates):
            for part in _streamed_parts(answer, heard, run):
                candidate = {"content": {"role": "model", "parts": [part]}, "index": index}
                frames.append(sse({"candidates": [candidate], "usageMetadata": start, **_head(run)}))
        if answer.breaks == "error":
            error = {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}
            return [*frames[:-1], sse({"error": error})]
        for index in range(heard.candidates):
            last = _candidate(index, [{"text": ""}], answer, heard)
            frames.append(sse({"candidates": [last], "usageMetadata": _usage(answer), **_head(run)}))
        return frames

    def failure(self, failure: Failure, message: str) -> Reply:
        status, word = STATUSES[failure.kind]
        error: Json = {"code": status, "message": message or CONTEXT, "status": word}
        if failure.retry_after:
            delay = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{failure.retry_after}s"}
            error["details"] = [delay]
        return Reply(status, {"content-type": "application/json"}, (json.dumps({"error": error}).encode(),))


class Vertex(Gemini):
    """The same, at an address of a project."""

    name = "vertex"
    path = re.compile(
        r"/v1/projects/acme/locations/[a-z0-9-]+/publishers/google/models/([^/:]+):(generateContent|streamGenerateContent)"
    )

    def check_key(self, asked: Asked) -> None:
        if asked.headers.get("x-goog-api-key") != KEY:
            raise Refused("API keys are not supported, or this one is not known.", 401, "auth")


class _Contents:
    """The conversation of one request."""

    def __init__(self, heard: Heard, *, wants_signatures: bool) -> None:
        self.heard = heard
        self.wants_signatures = wants_signatures

    def read(self, contents: Any) -> None:
        require(contents, "* GenerateContentRequest.contents: contents is not specified")
        roles = [each.get("role", "user") for each in contents]
        require(set(roles) <= {"user", "model"}, "Please use a valid role: user, model.")
        require(roles[0] == "user", "Please ensure that multiturn requests start with a user turn.")
        calls: list[Json] = []
        for place, content in enumerate(contents):
            parts = content.get("parts")
            require(parts, "contents.parts must not be empty.")
            answers = [each["functionResponse"] for each in parts if "functionResponse" in each]
            counts = (
                "Please ensure that the number of function response parts is equal to the number of function call parts"
            )
            require(len(answers) == len(calls), f"{counts} of the function call turn.")
            for call, answer in zip(calls, answers, strict=True):
                require(call["name"] == answer["name"], "function response of another function")
                require(answer.get("id") == call.get("id"), "id of the function response")
            calls = [each["functionCall"] for each in parts if "functionCall" in each]
            require(not calls or content["role"] == "model", "a function call is the model's")
            if calls and self.wants_signatures and self._is_current(contents, place):
                first = next(each for each in parts if "functionCall" in each)
                name = first["functionCall"]["name"]
                require(first.get("thoughtSignature"), f"Function call is missing a thought_signature: `{name}`")
            self.heard.turns += roles[place] == "model"
            texts = "".join(text for part in parts for text in self._part(part))
            (self.heard.users if roles[place] == "user" else self.heard.assistants).append(texts)

    def _is_current(self, contents: Any, place: int) -> bool:
        """Whether the user has said nothing since."""
        return all("functionResponse" in part for content in contents[place + 1 :: 2] for part in content["parts"])

    def _part(self, part: Json) -> Iterator[str]:
        check_fields(part, PARTS, "contents.parts.")
        kinds = [each for each in part if each not in ("thought", "thoughtSignature", "partMetadata")]
        require(len(kinds) <= 1, "a part is one of its kinds")
        require(kinds or "thoughtSignature" in part, "contents.parts: required oneof field 'data' must have one")
        if part.get("thoughtSignature"):
            self.heard.proofs.append(part["thoughtSignature"])
        match part:
            case {"text": str(text)} if not part.get("thought"):
                yield text
            case {"inlineData": {"mimeType": str(media), "data": str(data)}}:
                require(media in MEDIA, f"Unsupported MIME type: {media}")
                self.heard.media.append((media, data))
            case {"fileData": {"fileUri": str(url)}}:
                self.heard.media.append(("image/" if "png" in url else "application/pdf", url))
            case {"functionCall": {"name": str(name)} as call}:
                require(isinstance(call.get("args", {}), dict), "args is no object")
                self.heard.calls.append((call.get("id", ""), name, call.get("args", {})))
            case {"functionResponse": {"name": str(_), "response": dict(response)} as answer}:
                self.heard.results.append((answer.get("id", ""), json.dumps(response, ensure_ascii=False)))
            case _:
                require(part.get("thought") or "thoughtSignature" in part, f"contents.parts: {part}")


def camel(value: Any) -> Any:
    """As protobuf reads JSON: names in either case; what is the client's own stays as it is."""
    if isinstance(value, list):
        return [camel(each) for each in value]
    if not isinstance(value, dict):
        return value
    made = {}
    for name, each in value.items():
        words = name.split("_") if name != FUTURE else [name]
        key = words[0] + "".join(word.title() for word in words[1:])
        made[key] = each if key in FREE else camel(each)
        if key == "data":
            made[key] = each.replace("-", "+").replace("_", "/")
    return made


def _read_tools(body: Json, heard: Heard) -> None:
    for tool in body.get("tools") or ():
        check_fields(tool, ("functionDeclarations",), "tools.")
        for each in tool["functionDeclarations"]:
            known = ("name", "description", "parameters", "parametersJsonSchema", "behavior", "response")
            check_fields(each, known, "tools.functionDeclarations.")
            require(NAME.fullmatch(each["name"]), "Invalid function name.")
            require("parameters" not in each or "parametersJsonSchema" not in each, "parameters are told twice")
            if "parameters" in each:
                _check_schema(each["parameters"])
                properties = each["parameters"].get("properties")
                require(each["parameters"]["type"] != "OBJECT" or properties, "should be non-empty for OBJECT type")
            heard.tools[each["name"]] = each.get("parameters") or each.get("parametersJsonSchema")
    config = (body.get("toolConfig") or {}).get("functionCallingConfig") or {}
    names = config.get("allowedFunctionNames") or []
    mode = config.get("mode", "AUTO")
    require(not names or mode in ("ANY", "VALIDATED"), "allowed_function_names should only be set when mode is ANY")
    require(set(names) <= set(heard.tools), "allowed_function_names are not declared")
    words = {"AUTO": "auto", "ANY": names[0] if names else "required", "NONE": "none", "VALIDATED": "auto"}
    heard.choice = words[mode] if config else ""
    if mode in ("VALIDATED", "ANY"):  # calls then fit their schemas, all of them
        heard.strict = set(heard.tools)


def _check_schema(schema: Any) -> None:
    check_fields(schema, SCHEMA, 'Invalid JSON payload received. Unknown name at "schema": ')
    for each in schema.get("properties", {}).values():
        _check_schema(each)
    for each in (*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())):
        _check_schema(each)


def _read_config(config: Json, heard: Heard, model: str) -> None:
    check_fields(config, CONFIG, "generation_config.")
    heard.temperature, heard.top_p, heard.seed = config.get("temperature"), config.get("topP"), config.get("seed")
    require(0 <= (heard.temperature or 0) <= 2, "temperature must be in the range [0.0, 2.0]")
    heard.max_tokens, heard.stop = config.get("maxOutputTokens"), config.get("stopSequences") or []
    require(len(heard.stop) <= 5, "stop_sequences must have at most 5")
    heard.candidates = config.get("candidateCount") or 1
    require(heard.candidates <= 8, "candidate_count must be in the range [1, 8]")
    heard.logprobs = bool(config.get("responseLogprobs"))
    schema = config.get("responseSchema") or config.get("responseJsonSchema")
    mime = config.get("responseMimeType", "text/plain")
    require(schema is None or mime == "application/json", "response_schema only with response_mime_type JSON")
    if "responseSchema" in config:
        _check_schema(config["responseSchema"])
    heard.schema, heard.json_mode = schema, schema is None and mime == "application/json"
    thinking = config.get("thinkingConfig") or {}
    check_fields(thinking, ("includeThoughts", "thinkingBudget", "thinkingLevel"), "thinking_config.")
    require("thinkingBudget" not in thinking or "thinkingLevel" not in thinking, "thinking budget and level together")
    require("thinkingLevel" not in thinking or "gemini-3" in model, "Thinking level is not supported for this model.")
    level = str(thinking.get("thinkingLevel", "LOW")).upper()
    require(level in ("MINIMAL", "LOW", "MEDIUM", "HIGH"), f"thinking_level {level}")
    heard.thinks = bool(thinking) and thinking.get("thinkingBudget") != 0
    heard.wants_summary = bool(thinking.get("includeThoughts"))


def _parts(answer: Answer, heard: Heard, run: Run) -> Iterator[Json]:
    """The signature is on the first call; without calls, on the last text."""
    if answer.thought and heard.wants_summary and heard.thinks:
        yield {"text": answer.thought, "thought": True}
    proof = {"thoughtSignature": run.prove("part")} if answer.thought and heard.thinks else {}
    if answer.text or answer.refusal:
        yield {"text": answer.text or answer.refusal, **({} if answer.calls else proof)}
    for index, call in enumerate(answer.calls):
        yield {"functionCall": {"name": call.name, "args": call.arguments}, **(proof if index == 0 else {})}


def _streamed_parts(answer: Answer, heard: Heard, run: Run) -> Iterator[Json]:
    for part in _parts(answer, heard, run):
        if "text" not in part:
            yield part
            continue
        rest = {name: value for name, value in part.items() if name != "thoughtSignature"}
        yield from ({**rest, "text": each} for each in pieces_of(part["text"]))
        if "thoughtSignature" in part:
            yield {"text": "", "thoughtSignature": part["thoughtSignature"]}


def _candidate(index: int, parts: list[Json], answer: Answer, heard: Heard) -> Json:
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": STOPS[answer.stop], "index": index}
    if heard.logprobs:
        chosen = {"token": answer.text, "tokenId": 1, "logProbability": -0.5}
        top = [{"candidates": [chosen]}]
        candidate |= {"avgLogprobs": -0.5, "logprobsResult": {"chosenCandidates": [chosen], "topCandidates": top}}
    return candidate


def _head(run: Run) -> Json:
    return {"modelVersion": "gemini-2026", "responseId": f"g{run.id}{run.turn}"}


def _usage(answer: Answer) -> Json:
    tokens = answer.tokens
    usage = {
        "promptTokenCount": tokens.input,
        "candidatesTokenCount": tokens.output - tokens.reasoning,
        "totalTokenCount": tokens.input + tokens.output,
    }
    if tokens.cached:
        usage["cachedContentTokenCount"] = tokens.cached
    if tokens.reasoning:
        usage["thoughtsTokenCount"] = tokens.reasoning
    return usage
