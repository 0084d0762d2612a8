"""The demo model server, called as applications call it."""

from collections.abc import AsyncIterator

import openai
import pytest
from aiohttp.test_utils import TestServer

from control_plane.cli.demo_server import EMBEDDING_SIZE, make_app

QUESTION = "Who are you?"


@pytest.fixture
async def client() -> AsyncIterator[openai.AsyncOpenAI]:
    server = TestServer(make_app(word_seconds=0))
    await server.start_server()
    async with openai.AsyncOpenAI(base_url=str(server.make_url("/v1")), api_key="none", max_retries=0) as client:
        yield client
    await server.close()


async def test_an_answer_says_where_it_comes_from(client: openai.AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(model="demo-2", messages=[{"role": "user", "content": QUESTION}])
    content = answer.choices[0].message.content
    assert content is not None
    assert content.startswith("This is the demo server of Isthmus, model demo-2: no language model is behind it.")
    assert QUESTION in content
    assert answer.usage is not None
    assert answer.usage.prompt_tokens == 3
    assert answer.usage.total_tokens == 3 + len(content.split())


async def test_a_stream_has_the_same_words_and_usage_if_asked(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(
        model="demo",
        messages=[{"role": "user", "content": [{"type": "text", "text": QUESTION}]}],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = [chunk async for chunk in stream]
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text.startswith("This is the demo server of Isthmus, model demo:")
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == len(text.split())


async def test_embeddings_are_the_same_for_the_same_text(client: openai.AsyncOpenAI) -> None:
    answer = await client.embeddings.create(model="demo", input=["a", "b", "a"], encoding_format="float")
    first, second, third = (each.embedding for each in answer.data)
    assert len(first) == EMBEDDING_SIZE
    assert first == third != second


async def test_the_models_are_listed_as_demos(client: openai.AsyncOpenAI) -> None:
    models = await client.models.list()
    assert [(model.id, model.owned_by) for model in models.data] == [
        ("demo", "isthmus-demo"),
        ("demo-2", "isthmus-demo"),
    ]


async def test_another_model_is_refused_in_openai_s_way(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="the demo server has the models demo and demo-2"):
        await client.chat.completions.create(model="gpt-9", messages=[{"role": "user", "content": "x"}])
    with pytest.raises(openai.BadRequestError, match="`messages` must be a list"):
        await client.chat.completions.create(model="demo", messages=[])
