"""An account at OpenAI, as far as it keeps things: files, batches, stored answers; and what media are answered.

It checks what the provider checks: ids are its own, models are known by its names, forms and JSON are well-formed.
"""

import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import BodyPartReader, web

USAGE = {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10}
MODEL = "gpt-upstream"


class OpenAIAccount:
    """Below `/v1`. `asked`: what has come, as `METHOD path?query`; `forms`: fields and sizes of files."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[str] = []
        self.bodies: list[Any] = []
        self.forms: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.files: dict[str, dict[str, Any]] = {}
        self.contents: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.responses: dict[str, dict[str, Any]] = {}
        self._ids = itertools.count(1)

    def app(self) -> web.Application:
        app = web.Application(client_max_size=64 * 1024 * 1024, middlewares=[self._note])
        app.add_routes(
            [
                web.post("/v1/files", self._upload),
                web.get("/v1/files", self._list_files),
                web.get("/v1/files/{id}", self._file),
                web.delete("/v1/files/{id}", self._delete_file),
                web.get("/v1/files/{id}/content", self._content),
                web.post("/v1/batches", self._batch),
                web.get("/v1/batches/{id}", self._get_batch),
                web.post("/v1/batches/{id}/cancel", self._get_batch),
                web.post("/v1/responses", self._respond),
                web.get("/v1/responses/{id}", self._response),
                web.delete("/v1/responses/{id}", self._delete_response),
                web.post("/v1/responses/{id}/cancel", self._response),
                web.get("/v1/responses/{id}/input_items", self._input_items),
                web.post("/v1/images/generations", self._images),
                web.post("/v1/images/edits", self._images),
                web.post("/v1/audio/speech", self._speech),
                web.post("/v1/audio/transcriptions", self._transcription),
                web.post("/v1/audio/translations", self._transcription),
                web.route("*", "/v1/fine_tuning/jobs", self._anything),
            ]
        )
        return app

    @web.middleware
    async def _note(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.path_qs}")
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        if request.content_type == "application/json" and request.can_read_body:
            text = await request.text()
            assert "isthmus1_" not in text
            self.bodies.append(json.loads(text))
        try:
            answer: web.StreamResponse = await handler(request)
        except KeyError as error:
            message = f"No such object: {error.args[0]}"
            body = {"error": {"message": message, "type": "invalid_request_error", "param": "id", "code": None}}
            return web.json_response(body, status=404)
        return answer

    async def _form(self, request: web.Request) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader) and part.name is not None and part.name not in fields
            fields[part.name] = await part.read() if part.filename else (await part.read()).decode()
        self.forms.append(fields)
        return fields

    def _new_id(self, prefix: str) -> str:
        return f"{prefix}raw{next(self._ids)}"

    # Files and batches.

    async def _upload(self, request: web.Request) -> web.Response:
        form = await self._form(request)
        if form["purpose"] == "batch":
            for line in form["file"].splitlines():
                assert json.loads(line)["body"]["model"] == MODEL
        return web.json_response(self._keep(form["file"], form["purpose"]))

    def _keep(self, content: bytes, purpose: str) -> dict[str, Any]:
        id = self._new_id("file-")
        self.contents[id] = content
        self.files[id] = {
            "id": id,
            "object": "file",
            "bytes": len(content),
            "created_at": 1,
            "filename": "a.jsonl",
            "purpose": purpose,
            "status": "processed",
        }
        return self.files[id]

    async def _list_files(self, request: web.Request) -> web.Response:
        after = request.query.get("after")
        ids = list(self.files)
        if after is not None:
            self.files[after]
            ids = ids[ids.index(after) + 1 :]
        page, rest = ids[:1], ids[1:]
        data = [self.files[id] for id in page]
        ends = {"first_id": page[0] if page else None, "last_id": page[-1] if page else None}
        return web.json_response({"object": "list", "data": data, "has_more": bool(rest), **ends})

    async def _file(self, request: web.Request) -> web.Response:
        return web.json_response(self.files[request.match_info["id"]])

    async def _delete_file(self, request: web.Request) -> web.Response:
        id = request.match_info["id"]
        del self.files[id]
        return web.json_response({"id": id, "object": "file", "deleted": True})

    async def _content(self, request: web.Request) -> web.Response:
        return web.Response(body=self.contents[request.match_info["id"]], content_type="application/octet-stream")

    async def _batch(self, request: web.Request) -> web.Response:
        asked = await request.json()
        self.files[asked["input_file_id"]]
        output = self._keep(b'{"custom_id":"1"}\n', "batch_output")
        id = self._new_id("batch_")
        self.batches[id] = {
            "id": id,
            "object": "batch",
            "endpoint": asked["endpoint"],
            "completion_window": asked["completion_window"],
            "created_at": 1,
            "status": "completed",
            "input_file_id": asked["input_file_id"],
            "output_file_id": output["id"],
            "error_file_id": None,
        }
        return web.json_response(self.batches[id])

    async def _get_batch(self, request: web.Request) -> web.Response:
        return web.json_response(self.batches[request.match_info["id"]])

    # Responses.

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        assert asked["model"] == MODEL
        if asked.get("previous_response_id") is not None:
            self.responses[asked["previous_response_id"]]
        id = self._new_id("resp_")
        answer = {
            "id": id,
            "object": "response",
            "created_at": 1,
            "model": MODEL,
            "status": "completed",
            "previous_response_id": asked.get("previous_response_id"),
            "output": [
                {
                    "id": "msg_1",
                    "type": "message",
                    "role": "assistant",
                    "status": "completed",
                    "content": [{"type": "output_text", "text": "Hello", "annotations": []}],
                }
            ],
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "usage": USAGE,
        }
        if asked.get("store") is not False:
            self.responses[id] = answer
        return await self._events(request, answer) if asked.get("stream") else web.json_response(answer)

    async def _events(self, request: web.Request, answer: dict[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        delta = {"item_id": "msg_1", "output_index": 0, "content_index": 0, "delta": "Hello", "logprobs": []}
        events = [
            {"type": "response.created", "sequence_number": 0, "response": answer | {"status": "in_progress"}},
            {"type": "response.output_text.delta", "sequence_number": 1, **delta},
            {"type": "response.completed", "sequence_number": 2, "response": answer},
        ]
        for event in events:
            await response.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
        await response.write_eof()
        return response

    async def _response(self, request: web.Request) -> web.StreamResponse:
        answer = self.responses[request.match_info["id"]]
        return (
            await self._events(request, answer) if request.query.get("stream") == "true" else web.json_response(answer)
        )

    async def _delete_response(self, request: web.Request) -> web.Response:
        id = request.match_info["id"]
        del self.responses[id]
        return web.json_response({"id": id, "object": "response", "deleted": True})

    async def _input_items(self, request: web.Request) -> web.Response:
        self.responses[request.match_info["id"]]
        item = {"id": "msg_0", "type": "message", "role": "user", "status": "completed"}
        item["content"] = [{"type": "input_text", "text": "Hi"}]  # type: ignore[assignment]
        ends = {"first_id": "msg_0", "last_id": "msg_0", "has_more": False}
        return web.json_response({"object": "list", "data": [item], **ends})

    # Media.

    async def _images(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json() if request.content_type == "application/json" else await self._form(request)
        assert asked["model"] == MODEL
        if str(asked.get("stream")).lower() == "true":
            response = web.StreamResponse(headers={"content-type": "text/event-stream"})
            await response.prepare(request)
            event = {"type": "image_generation.completed", "b64_json": "AA==", "usage": USAGE, "created_at": 1}
            await response.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
            await response.write_eof()
            return response
        return web.json_response({"created": 1, "data": [{"b64_json": "AA=="}], "usage": USAGE})

    async def _speech(self, request: web.Request) -> web.Response:
        asked = await request.json()
        assert asked["model"] == MODEL
        return web.Response(body=b"\xff\xfb" * 5000, content_type="audio/mpeg")

    async def _transcription(self, request: web.Request) -> web.Response:
        form = await self._form(request)
        assert form["model"] == MODEL
        if form.get("response_format") == "text":
            return web.Response(text="Hello\n")
        return web.json_response({"text": "Hello", "usage": {"type": "tokens", **USAGE}})

    async def _anything(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [], "has_more": False})


@asynccontextmanager
async def openai_account() -> AsyncIterator[OpenAIAccount]:
    """A running one, gone at the end of the block."""
    account = OpenAIAccount()
    runner = web.AppRunner(account.app(), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        account.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        yield account
    finally:
        await runner.cleanup()
