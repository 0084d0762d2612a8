"""State that a provider has sealed for one account: to another of the same API it means nothing, and is refused.

While it is the client's, its API's name is followed by the account: `openai-responses#5f3a9c01d2e4`.
"""

from hashlib import blake2b

import msgspec

from data_plane.llm.content import Message, Thought
from data_plane.llm.request import GenerateRequest
from data_plane.llm.response import GenerateResponse

# OpenAI encrypts thoughts for an organization. Anthropic's signatures hold at Bedrock and Vertex AI too.
BOUND_APIS = frozenset(("openai-responses",))
MARK = "#"


def account_of(provider: str) -> str:
    """What stands for a provider where clients may see it."""
    return blake2b(provider.encode(), digest_size=6).hexdigest()


def bound(api: str, account: str) -> str:
    """The API's name, for what this account has sealed."""
    return f"{api}{MARK}{account}"


def bind(response: GenerateResponse, api: str, account: str) -> None:
    """Note in an answer's thoughts whose they are."""
    for candidate in response.candidates:
        for part in candidate.parts:
            if isinstance(part, Thought) and part.api == api:
                part.api = bound(api, account)


def release(request: GenerateRequest, api: str, account: str) -> GenerateRequest:
    """The request, with thoughts as the account itself has written them; those of others stay another API's."""
    own = bound(api, account)
    if not any(_has_own(message, own) for message in request.messages):
        return request
    messages = [_released(message, own, api) if _has_own(message, own) else message for message in request.messages]
    return msgspec.structs.replace(request, messages=messages)


def _has_own(message: Message, own: str) -> bool:
    return any(isinstance(part, Thought) and part.api == own for part in message.parts)


def _released(message: Message, own: str, api: str) -> Message:
    parts = [
        msgspec.structs.replace(part, api=api) if isinstance(part, Thought) and part.api == own else part
        for part in message.parts
    ]
    return msgspec.structs.replace(message, parts=parts)
