"""Callers that use the official OpenAI SDK without its retries: each failure that a user would see is counted."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Self

import httpx2
from openai import AsyncOpenAI, OpenAIError

CALLERS = 6
PAUSE_SECONDS = 0.02  # between two requests of a caller: the processes under test share two cores with us
DEADLINE_SECONDS = 40.0
POLL_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Answer:
    """One request. `version` is what the gateway says, `text` what the model server wrote; times are monotonic."""

    replica: int
    began: float
    version: str = ""
    text: str = ""
    error: str = ""


class SdkLoad:
    """Calls the model `chat` at all base URLs in turn, half of the answers as streams, while the block runs."""

    def __init__(self, base_urls: Sequence[str], key: str) -> None:
        self.answers: list[Answer] = []
        self.left_out: set[int] = set()
        self._base_urls = base_urls
        self._key = key
        self._turns = itertools.count()
        self._under_way: Counter[int] = Counter()
        self._is_over = False
        self._clients: list[AsyncOpenAI] = []
        self._stack = AsyncExitStack()
        self._callers: list[asyncio.Task[None]] = []

    @property
    def failures(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.error]

    def last_lag(self, replica: int, version: str, since: float) -> float:
        """For how long after `since` a replica began to answer with any other version."""
        began = [each.began for each in self.answers if each.replica == replica and each.version != version]
        return max((each - since for each in began), default=0.0)

    async def more(self, count: int) -> None:
        """Wait until each replica that is called has given so many answers to requests that begin from now on."""
        since = time.monotonic()
        async with asyncio.timeout(DEADLINE_SECONDS):
            while min(self._answered(since).values()) < count:
                await asyncio.sleep(POLL_SECONDS)

    async def leave_out(self, replica: int) -> None:
        """Call it no more, as a balancer does, and wait for what is under way."""
        self.left_out.add(replica)
        async with asyncio.timeout(DEADLINE_SECONDS):
            while self._under_way[replica]:
                await asyncio.sleep(POLL_SECONDS)

    def take_in(self, replica: int) -> None:
        self.left_out.discard(replica)

    def _answered(self, since: float) -> dict[int, int]:
        counts = {replica: 0 for replica in range(len(self._base_urls)) if replica not in self.left_out}
        for answer in reversed(self.answers):
            if answer.began < since - DEADLINE_SECONDS:
                break
            if answer.began >= since and answer.replica in counts:
                counts[answer.replica] += 1
        return counts

    async def _call(self) -> None:
        while not self._is_over:
            turn = next(self._turns)
            replica = turn % len(self._base_urls)
            if replica in self.left_out:
                continue
            self._under_way[replica] += 1
            began = time.monotonic()
            try:
                version, text = await _ask(self._clients[replica], is_stream=turn // len(self._base_urls) % 2 == 0)
                self.answers.append(Answer(replica, began, version, text))
            except (OpenAIError, httpx2.HTTPError, _Cut) as error:
                self.answers.append(Answer(replica, began, error=repr(error)))
            self._under_way[replica] -= 1
            await asyncio.sleep(PAUSE_SECONDS)

    async def __aenter__(self) -> Self:
        for url in self._base_urls:
            client = AsyncOpenAI(base_url=url, api_key=self._key, max_retries=0, timeout=20.0)
            self._clients.append(await self._stack.enter_async_context(client))
        loop = asyncio.get_running_loop()
        self._callers = [loop.create_task(self._call()) for _ in range(CALLERS)]
        return self

    async def __aexit__(self, *exception: object) -> None:
        self._is_over = True
        async with self._stack:
            await asyncio.gather(*self._callers)


class _Cut(Exception):
    """A stream ended without saying so."""


async def _ask(client: AsyncOpenAI, *, is_stream: bool) -> tuple[str, str]:
    """Version and text of an answer."""
    if is_stream:
        return await _ask_for_stream(client)
    raw = await client.chat.completions.with_raw_response.create(
        model="chat", messages=[{"role": "user", "content": "hello"}]
    )
    return raw.headers["x-isthmus-model-version"], raw.parse().choices[0].message.content or ""


async def _ask_for_stream(client: AsyncOpenAI) -> tuple[str, str]:
    raw = await client.chat.completions.with_raw_response.create(
        model="chat", messages=[{"role": "user", "content": "hello"}], stream=True
    )
    words, reason = [], None
    async with raw.parse() as stream:
        async for chunk in stream:
            for choice in chunk.choices:
                words.append(choice.delta.content or "")
                reason = choice.finish_reason or reason
    text = "".join(words)
    if reason != "stop":
        raise _Cut(f"after '{text}'")
    return raw.headers["x-isthmus-model-version"], text
