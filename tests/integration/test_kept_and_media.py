"""The official SDK of OpenAI against a replica, for all that is no text: media, files, batches, stored answers."""

import base64
import hashlib
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from openai import AsyncOpenAI, BadRequestError, NotFoundError, PermissionDeniedError

from tests.fakes.openai_account import MODEL, USAGE, OpenAIAccount, openai_account
from tests.fakes.replica import Replica, api_key, resource

AUDIO = b"RIFF" + bytes(range(256)) * 4000  # a megabyte


def tenant(name: str, *, shares: bool = False) -> list[dict[str, Any]]:
    """One with a model `chat` at its own account, or at the platform's."""
    digest = hashlib.sha256(api_key(name).encode()).hexdigest()
    reference = {"name": "openai", **({"tenant": "platform"} if shares else {})}
    target = {"providerRef": reference, "model": MODEL}
    route = {"matches": [{"path": {"value": "/v1"}}], "models": {"matchLabels": {}}}
    native = {"matches": [{"path": {"value": "/native"}}], "providerRef": reference}
    return [
        resource("Tenant", name, {}, "platform"),
        resource("Model", "chat", {"versions": [{"name": "v1", "targets": [target]}]}, name),
        resource("Application", name, {}, name),
        resource("Credential", name, {"applicationRef": {"name": name}, "hash": f"sha256:{digest}"}, name),
        resource("Route", "models", route, name),
        resource("Route", "native", native, name),
    ]


@pytest.fixture
async def account() -> AsyncIterator[OpenAIAccount]:
    async with openai_account() as account:
        yield account


@pytest.fixture
async def replica(account: OpenAIAccount, tmp_path: Path) -> AsyncIterator[Replica]:
    auth = {"secretRef": {"name": "key"}}
    replica = Replica(tmp_path, workers=1)
    replica.write_config(
        [
            resource("Secret", "ids", {"data": {"value": "i" * 40}}, "platform"),
            resource("Gateway", "default", {"sealedIds": {"secretRef": {"name": "ids"}}}, "platform"),
            *tenant("own"),
            *tenant("one", shares=True),
            *tenant("two", shares=True),
            resource("Secret", "key", {"data": {"value": "sk-upstream"}}, "own"),
            resource("Provider", "openai", {"type": "OpenAI", "baseUrl": account.url, "auth": auth}, "own"),
            resource("Secret", "key", {"data": {"value": "sk-upstream"}}, "platform"),
            resource("Provider", "openai", {"type": "OpenAI", "baseUrl": account.url, "auth": auth}, "platform"),
        ]
    )
    async with replica:
        yield replica


def sdk(replica: Replica, name: str = "own", root: str = "/v1") -> AsyncOpenAI:
    return AsyncOpenAI(base_url=f"{replica.url}{root}", api_key=api_key(name), max_retries=0, timeout=20.0)


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")  # the SDK says so of translations
async def test_media(replica: Replica, account: OpenAIAccount) -> None:
    async with sdk(replica) as client:
        image = await client.images.generate(model="chat", prompt="a fox")
        assert image.usage is not None and image.usage.output_tokens == 3
        events = [each async for each in await client.images.generate(model="chat", prompt="a fox", stream=True)]
        assert [each.type for each in events] == ["image_generation.completed"]
        edited = await client.images.edit(model="chat", image=("a.png", b"\x89PNG"), prompt="red")
        assert edited.data is not None and base64.b64decode(edited.data[0].b64_json or "") == b"\0"
        async with client.audio.speech.with_streaming_response.create(model="chat", voice="v", input="Hi") as speech:
            assert len(await speech.read()) == 10_000
        heard = await client.audio.transcriptions.create(model="chat", file=("a.wav", AUDIO))
        assert heard.text == "Hello"
        text = await client.audio.transcriptions.create(
            model="chat", file=("a.wav", io.BytesIO(AUDIO)), response_format="text"
        )
        assert text == "Hello\n"
        translated = await client.audio.translations.create(model="chat", file=("a.wav", AUDIO[:100]))
        assert translated.text == "Hello"
    files = [form["file"] for form in account.forms if "file" in form]
    assert [hashlib.sha256(each).digest() for each in files[:2]] == [hashlib.sha256(AUDIO).digest()] * 2
    assert {headers["authorization"] for headers in account.headers} == {"Bearer sk-upstream"}


@pytest.mark.parametrize("chunked", [None, True], ids=["with its length", "chunked"])
@pytest.mark.parametrize("first", ["model", "file"])
async def test_a_form_arrives_whichever_field_stands_first(
    replica: Replica, account: OpenAIAccount, first: str, chunked: bool | None
) -> None:
    form = aiohttp.FormData()
    for name in ("model", "file") if first == "model" else ("file", "model"):
        if name == "model":
            form.add_field("model", "chat")
        else:
            form.add_field("file", io.BytesIO(AUDIO), filename="a.wav", content_type="audio/wav")
    url, headers = f"{replica.url}/v1/audio/transcriptions", {"authorization": f"Bearer {api_key('own')}"}
    async with aiohttp.ClientSession() as session, session.post(url, data=form, headers=headers, chunked=chunked) as it:
        assert (it.status, await it.json()) == (200, {"text": "Hello", "usage": {"type": "tokens", **USAGE}})
    assert account.forms == [{"model": MODEL, "file": AUDIO}]


async def test_stored_answers_are_the_tenant_s(replica: Replica, account: OpenAIAccount) -> None:
    async with sdk(replica, "one") as one, sdk(replica, "two") as two:
        first = await one.responses.create(model="chat", input="Hi")
        assert "isthmus1_" in first.id and "raw" not in first.id
        second = await one.responses.create(model="chat", input="More", previous_response_id=first.id)
        assert second.previous_response_id == first.id
        assert (await one.responses.retrieve(second.id)).id == second.id
        stream = await one.responses.create(model="chat", input="More", previous_response_id=first.id, stream=True)
        ids = {each.response.id async for each in stream if each.type in ("response.created", "response.completed")}
        assert len(ids) == 1 and "isthmus1_" in ids.pop()
        replayed = [each async for each in await one.responses.retrieve(first.id, stream=True)]
        assert replayed[-1].type == "response.completed" and replayed[-1].response.id == first.id
        assert [each.id async for each in one.responses.input_items.list(first.id)] == ["msg_0"]
        assert (await one.responses.cancel(first.id)).id == first.id
        for id in (first.id, "resp_raw1", "resp_isthmus1_AAAA"):
            with pytest.raises(NotFoundError):
                await two.responses.retrieve(id)
            with pytest.raises(NotFoundError):
                await two.responses.create(model="chat", input="Hi", previous_response_id=id)
        forgotten = await one.responses.create(model="chat", input="Hi", store=False)
        assert forgotten.id.startswith("resp_raw")
        await one.responses.delete(first.id)
        with pytest.raises(NotFoundError) as gone:
            await one.responses.retrieve(first.id)
        assert "raw" not in str(gone.value) and first.id in str(gone.value)


async def test_files_and_batches(replica: Replica, account: OpenAIAccount) -> None:
    line = {"custom_id": "1", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "chat", "n": 1}}
    lines = "\n".join([json.dumps(line)] * 3).encode()
    async with sdk(replica) as client:
        file = await client.files.create(file=("a.jsonl", lines), purpose="batch")
        assert "isthmus1_" in file.id
        kept = await client.files.content(file.id)
        assert [json.loads(each)["body"] for each in kept.text.splitlines()] == [{"model": MODEL, "n": 1}] * 3
        batch = await client.batches.create(
            input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
        )
        assert batch.input_file_id == file.id and batch.output_file_id is not None
        again = await client.batches.retrieve(batch.id)
        assert (again.id, again.output_file_id) == (batch.id, batch.output_file_id)
        assert (await client.files.content(batch.output_file_id)).text == '{"custom_id":"1"}\n'
        assert (await client.batches.cancel(batch.id)).id == batch.id
        document = await client.files.create(file=("a.pdf", AUDIO), purpose="user_data")
        assert account.forms[-1]["file"] == AUDIO
        listed = [each.id async for each in client.files.list()]
        assert listed == [file.id, batch.output_file_id, document.id]
        content: Any = [{"role": "user", "content": [{"type": "input_file", "file_id": document.id}]}]
        await client.responses.create(model="chat", input=content)
        assert account.bodies[-1]["input"][0]["content"][0]["file_id"] in account.files
        assert (await client.files.delete(document.id)).id == document.id


@pytest.mark.parametrize("model, error", [("nobody", NotFoundError), (None, BadRequestError)])
async def test_a_batch_asks_only_models_that_its_caller_may(
    replica: Replica, account: OpenAIAccount, model: str | None, error: type[Exception]
) -> None:
    line = json.dumps({"custom_id": "1", "body": {"model": model} if model else {}}).encode()
    async with sdk(replica) as client:
        with pytest.raises(error):
            await client.files.create(file=("a.jsonl", line), purpose="batch")
    assert account.files == {}


async def test_what_tenants_share_is_not_listed(replica: Replica, account: OpenAIAccount) -> None:
    async with sdk(replica, "one") as one, sdk(replica, "two") as two:
        file = await one.files.create(file=("a.pdf", b"x"), purpose="user_data")
        assert (await one.files.retrieve(file.id)).id == file.id
        with pytest.raises(PermissionDeniedError, match="share"):
            await one.files.list()
        for id in (file.id, "file-raw1"):
            with pytest.raises(NotFoundError):
                await two.files.retrieve(id)
        content: Any = [{"role": "user", "content": [{"type": "input_file", "file_id": "file-raw1"}]}]
        with pytest.raises(NotFoundError):
            await two.responses.create(model="chat", input=content)


async def test_the_rest_of_the_provider_is_passed_through(replica: Replica, account: OpenAIAccount) -> None:
    async with sdk(replica, root="/native") as client:
        assert [each async for each in client.fine_tuning.jobs.list(limit=2)] == []
        await client.images.generate(model=MODEL, prompt="a fox")
    assert account.asked == ["GET /v1/fine_tuning/jobs?limit=2", "POST /v1/images/generations"]
    assert {headers["authorization"] for headers in account.headers} == {"Bearer sk-upstream"}
