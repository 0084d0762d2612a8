"""Fakes of providers that speak OpenAI's chat completions with differences: Azure, vLLM, Mistral.

Sources: learn.microsoft.com/azure/foundry/openai; vllm/entrypoints/openai (protocol.py); docs.mistral.ai/api, and
messages of its API's errors.
"""

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from tests.fakes.matrix_scenario import Answer, Failure, Json
from tests.fakes.provider_anthropic import Anthropic
from tests.fakes.provider_openai_chat import FIELDS, OpenAIChat
from tests.fakes.provider_openai_responses import OpenAIResponses
from tests.fakes.provider_stage import KEY, Asked, Heard, Refused, Reply, Run, check_fields, require, sse

MISTRAL_FIELDS = frozenset(
    (
        *("model", "messages", "stream", "max_tokens", "temperature", "top_p", "stop", "random_seed", "tools", "n"),
        *("tool_choice", "parallel_tool_calls", "response_format", "presence_penalty", "frequency_penalty", "metadata"),
        *("prediction", "prompt_mode", "safe_prompt", "reasoning_effort", "guardrails", "prompt_cache_key"),
    )
)
MISTRAL_ID = re.compile(r"[a-zA-Z0-9]{9}")


class AzureChat(OpenAIChat):
    """By deployment, or at the path without versions; the key is in a header of its own."""

    name = "azure"
    is_named_by_path = True
    DEPLOYMENT = re.compile(r"/openai/deployments/[^/]+/chat/completions")

    def check_call(self, asked: Asked) -> None:
        if asked.headers.get("api-key") != KEY:
            raise Refused("Access denied due to invalid subscription key or wrong API endpoint.", 401, "auth")
        if self.DEPLOYMENT.fullmatch(asked.path):
            require("api-version=" in asked.query, "Resource not found: api-version is missing")
        elif asked.path != "/openai/v1/chat/completions":
            raise Refused("Resource not found", 404, "missing")

    def stream(self, answer: Answer, heard: Heard, run: Run) -> list[bytes]:
        """What was found in the prompt comes first, in a chunk without choices."""
        results = [{"prompt_index": 0, "content_filter_results": {}}]
        first = {"id": "", "object": "", "created": 0, "model": "", "choices": [], "prompt_filter_results": results}
        return [sse(first), *super().stream(answer, heard, run)]


class VllmChat(OpenAIChat):
    """Ignores what it does not know, and shows how its models reason. Roles as the chat template knows them."""

    name = "vllm"
    shows = frozenset(("ids", "thought", "logprobs", "candidates", "reasoning", "user"))
    call_form = "chatcmpl-tool-{n:032x}"
    thought_field = "reasoning_content"
    fields = FIELDS | {"top_k", "min_p", "repetition_penalty", "chat_template_kwargs", "continue_final_message"}
    MAX_ID = 10_000

    def check_call(self, asked: Asked) -> None:
        if asked.path != self.path:
            raise Refused("Not Found", 404, "missing")

    def check_model(self, body: Json) -> None:
        """Any."""

    def check_id(self, id: str, where: str) -> None:
        require(id, f"{where}: a call has no id")

    def check_message(self, message: Json, where: str) -> None:
        require(message["role"] != "developer", "Unexpected message role: developer")

    def proofs(self, message: Json) -> list[str]:
        """Thoughts come back as they were shown."""
        return []

    def failure(self, failure: Failure, message: str) -> Reply:
        phrase = "This model's maximum context length is 32768 tokens. However, you requested 40000 tokens"
        error = {"message": message or phrase, "type": "BadRequestError", "param": None, "code": failure.status}
        headers = {"content-type": "application/json"}
        if failure.retry_after:
            headers["retry-after"] = str(failure.retry_after)
        return Reply(failure.status, headers, (json.dumps({"error": error}).encode(),))

    def stream_error(self) -> bytes:
        return sse({"error": {"message": "EngineCore died", "type": "InternalServerError", "param": None, "code": 500}})


class TgiChat(VllmChat):
    """Knows the old name of the limit alone."""

    name = "tgi"
    shows = frozenset(("ids", "logprobs", "candidates", "user"))
    thought_field = ""
    call_form = "{n}"

    def check_model(self, body: Json) -> None:
        require("max_completion_tokens" not in body, "max_completion_tokens is ignored: the answer is cut off")


class OllamaChat(VllmChat):
    """Ollama passes over fields that it does not know: here it refuses those without which it is another request.

    Source: openai/openai.go of its repository.
    """

    name = "ollama"
    shows = frozenset(("ids", "thought", "logprobs"))
    thought_field = "reasoning"
    call_form = "call_{n:08x}"
    PASSED_OVER = ("max_completion_tokens", "n", "top_k", "min_p", "repetition_penalty", "logit_bias")

    def check_model(self, body: Json) -> None:
        for name in self.PASSED_OVER:
            require(name not in body, f"{name} is passed over")
        require(body.get("tool_choice", "auto") == "auto", "tool_choice is passed over")

    def check_message(self, message: Json, where: str) -> None:
        super().check_message(message, where)
        require("reasoning_content" not in message, "thoughts are called reasoning")

    def read_parts(self, content: Any, where: str, heard: Heard) -> Iterator[str]:
        for part in content if isinstance(content, list) else ():
            is_picture = part["type"] == "image_url" and part["image_url"]["url"].startswith("data:")
            require(part["type"] == "text" or is_picture, "invalid message format")
        yield from super().read_parts(content, where, heard)


class VllmResponses(OpenAIResponses):
    """Of open models: asks for no key."""

    name = "vllm-responses"
    family = ""

    def check_model(self, body: Json) -> None:
        """Any."""

    def check_call(self, asked: Asked) -> None:
        if asked.path != "/v1/responses":
            raise Refused("Not Found", 404, "missing")


class VllmMessages(Anthropic):
    """Anthropic's API for open models."""

    name = "vllm-messages"
    family = ""

    def check_call(self, asked: Asked) -> None:
        if asked.path != "/v1/messages":
            raise Refused("Not Found", 404, "missing")


class MistralChat(OpenAIChat):
    """Refuses fields that it does not know, and ids of calls that are not nine letters and digits."""

    name = "mistral"
    shows = frozenset(("ids", "candidates"))
    call_form = "c{n:08d}"
    fields = MISTRAL_FIELDS
    call_fields = ("id", "type", "function", "index")
    roles = ("system", "user", "assistant", "tool")

    def check_model(self, body: Json) -> None:
        require(0 <= (body.get("temperature") or 0) <= 1.5, "temperature: Input should be less than or equal to 1.5")

    def check_id(self, id: str, where: str) -> None:
        require(MISTRAL_ID.fullmatch(id), f"Tool call id was {id} but must be a-z, A-Z, 0-9, with a length of 9.")

    def check_message(self, message: Json, where: str) -> None:
        require(message["role"] in self.roles, f"{where}.role: Input tag '{message['role']}' is unknown")
        known = ("role", "content", "tool_calls", "prefix", "tool_call_id", "name")
        check_fields(message, known, f"{where}.")

    def read_messages(self, messages: Any, heard: Heard) -> None:
        super().read_messages(messages, heard)
        roles = [message["role"] for message in messages]
        require(roles[-1] in ("user", "tool"), f"Expected last role User or Tool but got {roles[-1]}")
        pairs = pairwise(roles)
        require(("tool", "user") not in pairs, "Unexpected role 'user' after role 'tool'")

    def read_options(self, body: Json, heard: Heard) -> None:
        super().read_options(body, heard)
        heard.seed, heard.wants_usage = body.get("random_seed"), True

    def failure(self, failure: Failure, message: str) -> Reply:
        """Of what breaks its schema it answers as FastAPI does; of the rest in its own words."""
        phrase = (
            "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length"
        )
        error = {"object": "error", "message": message or phrase, "type": "invalid_request_error", "code": "3051"}
        headers = {"content-type": "application/json"}
        if failure.retry_after:
            headers["retry-after"] = str(failure.retry_after)
        return Reply(failure.status, headers, (json.dumps(error).encode(),))

    def usage(self, answer: Answer) -> Json:
        tokens = answer.tokens
        return {
            "prompt_tokens": tokens.input,
            "completion_tokens": tokens.output,
            "total_tokens": tokens.input + tokens.output,
            "prompt_tokens_details": {"cached_tokens": tokens.cached},
        }


class AzureResponses(OpenAIResponses):
    """At the path without versions, or with one: it never names a deployment."""

    name = "azure-responses"
    family = "azure"

    def check_call(self, asked: Asked) -> None:
        if asked.headers.get("api-key") != KEY:
            raise Refused("Access denied due to invalid subscription key or wrong API endpoint.", 401, "auth")
        if asked.path == "/openai/responses":
            require("api-version=" in asked.query, "Resource not found: api-version is missing")
        elif asked.path != "/openai/v1/responses":
            raise Refused("Resource not found", 404, "missing")
