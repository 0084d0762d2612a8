"""The explorer works from this server alone."""

import re

from tests.fakes.rest_api import rest_api


async def test_the_page_and_its_files_come_from_here_under_a_strict_policy() -> None:
    async with rest_api() as api, api.client.get("/docs") as page:
        text = await page.text()
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
        files = re.findall(r'(?:src|href)="([^"]+)"', text)
        assert len(files) == 3
        assert "<script>" not in text  # the policy would refuse it
        for file in files:
            async with api.client.get(file) as answer:
                assert (answer.status, answer.headers["X-Content-Type-Options"]) == (200, "nosniff")
                assert await answer.read()


async def test_the_document_is_served() -> None:
    async with rest_api() as api, api.client.get("/openapi.json") as answer:
        assert (await answer.json())["openapi"] == "3.1.1"
