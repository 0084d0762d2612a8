"""Counts tokens without standing in the way: short texts at once, long ones in a thread, slice by slice."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from data_plane.llm import bpe
from data_plane.llm.request import GenerateRequest
from data_plane.llm.token_count import TokenCount
from data_plane.llm.token_estimate import bytes_of, countable, estimate, exact
from data_plane.llm.token_ratio import TokenRatios

AT_ONCE_BYTES = 8 * 1024  # 0.13 ms
MAX_BYTES = 4 * 1024 * 1024  # 65 ms; beyond, an estimate is as good
MAX_WAITING = 32  # counts that one thread has before it
TIMEOUT_SECONDS = 2.0


class Cancelled(Exception):
    """Nobody waits for the count any more."""


class TokenCounter:
    """Of one worker. `ratios`: for models whose vocabulary is not known, and for texts that cannot be counted in time.

    The tokenizer holds the interpreter's lock: between two slices the thread lets it go, so that the loop stands still
    for a fraction of a millisecond at a time.
    """

    def __init__(self, ratios: TokenRatios, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self.ratios = ratios
        self._timeout_seconds = timeout_seconds
        self._thread: ThreadPoolExecutor | None = None
        self._loading: set[str] = set()
        self._waiting = 0

    async def count(self, model: str, request: GenerateRequest) -> TokenCount:
        """Of a request, exactly where the model's vocabulary is known and nothing but text is in it."""
        found = countable(request)
        tokens = await self.count_off_loop(model, found.texts)
        return estimate(model, found, self.ratios) if tokens is None else exact(found, tokens)

    async def count_output(self, model: str, text: str) -> int:
        """Of an answer whose provider has not said what it had: exactly, or by its size."""
        tokens = await self.count_off_loop(model, (text,))
        return self.ratios.estimate_output(model, bytes_of((text,))) if tokens is None else tokens

    def count_now(self, model: str, texts: Sequence[str]) -> int | None:
        """Tokens of short texts; None where they cannot be known exactly, are too long, or not yet: then what counts
        them is loaded for the next time.
        """
        encoding = bpe.encoding_of(model)
        if encoding is None or bytes_of(texts) > AT_ONCE_BYTES:
            return None
        if not bpe.is_loaded(encoding):
            if encoding not in self._loading:
                self._loading.add(encoding)
                self._executor().submit(bpe.load, encoding)
            return None
        tokenizer = bpe.load(encoding)
        return sum(bpe.count(tokenizer, text) for text in texts)

    async def count_off_loop(self, model: str, texts: Iterable[str]) -> int | None:
        """Tokens of the texts; None where it cannot be known exactly, or not in time."""
        encoding = bpe.encoding_of(model)
        kept = tuple(texts)
        size = bytes_of(kept)
        if encoding is None or size > MAX_BYTES:
            return None
        if size <= AT_ONCE_BYTES and bpe.is_loaded(encoding):
            tokenizer = bpe.load(encoding)
            return sum(bpe.count(tokenizer, text) for text in kept)
        if self._waiting >= MAX_WAITING:
            return None
        return await self._in_thread(encoding, kept)

    async def _in_thread(self, encoding: str, texts: tuple[str, ...]) -> int | None:
        is_over = False

        def stop_if_over() -> None:
            if is_over:
                raise Cancelled

        self._waiting += 1
        try:
            job = asyncio.get_running_loop().run_in_executor(
                self._executor(), count_in_thread, encoding, texts, stop_if_over
            )
            return await asyncio.wait_for(job, self._timeout_seconds)
        except TimeoutError:
            return None
        finally:
            is_over = True
            self._waiting -= 1

    def _executor(self) -> ThreadPoolExecutor:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="count-tokens")
        return self._thread

    @staticmethod
    def prepare(models: Iterable[str]) -> None:
        """Load what these models are counted by. To be called before serving: it takes 50 ms, in which all stands."""
        for encoding in {bpe.encoding_of(model) for model in models} - {None}:
            bpe.load(str(encoding))

    def close(self) -> None:
        """No more is counted in the thread; what it counts now ends by itself."""
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)
            self._thread = None


def count_in_thread(encoding: str, texts: tuple[str, ...], stop_if_over: Callable[[], None]) -> int:
    """Tokens of the texts. `stop_if_over` raises when nobody waits any more; it is asked before each slice."""
    tokenizer = bpe.load(encoding)
    tokens = 0
    for text in texts:
        for part in bpe.slices(text):
            stop_if_over()
            tokens += bpe.count(tokenizer, part)
            time.sleep(0)  # whoever waits for the interpreter's lock gets it here
    return tokens
