"""The official SDKs, whose connection is a function: what they send, and what they make of an answer."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import httpx2
from anthropic import Anthropic
from cohere import ClientV2
from google.genai import Client as Gemini
from google.genai.types import HttpOptions
from openai import OpenAI

Answerer = Callable[[str, bytes], bytes]


class Wire:
    """What an SDK is answered: by a function of the path and the body that it has sent."""

    def __init__(self, answer: Answerer) -> None:
        self._answer = answer
        self.path = ""
        self.sent = b""

    @property
    def body(self) -> Any:
        return json.loads(self.sent)

    def handle(self, path: str, sent: bytes) -> bytes:
        """As if it had been sent."""
        self.path, self.sent = path, sent
        return self._answer(path, sent)

    def new(self) -> httpx2.Client:
        """For SDKs of OpenAI, Anthropic and Google."""
        return httpx2.Client(
            transport=httpx2.MockTransport(
                lambda request: httpx2.Response(200, content=self.handle(request.url.path, request.content))
            )
        )

    def old(self) -> httpx.Client:
        """For Cohere's."""
        return httpx.Client(
            transport=httpx.MockTransport(
                lambda request: httpx.Response(200, content=self.handle(request.url.path, request.content))
            )
        )

    def openai(self) -> OpenAI:
        return OpenAI(api_key="k", base_url="http://gateway/v1", http_client=self.new())

    def anthropic(self) -> Anthropic:
        return Anthropic(api_key="k", base_url="http://gateway", http_client=self.new())

    def gemini(self) -> Gemini:
        return Gemini(api_key="k", vertexai=False, http_options=HttpOptions(httpx_client=self.new()))

    def cohere(self) -> ClientV2:
        return ClientV2(api_key="k", base_url="http://gateway/cohere", httpx_client=self.old())
