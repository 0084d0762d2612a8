"""Reads lists page by page."""

from collections.abc import Mapping

from control_plane.cli.client import Client, Json

PAGE = 500


async def read_all(client: Client, path: str, query: Mapping[str, str]) -> tuple[list[Json], int]:
    """All items of a list, and the store revision that they were read at."""
    items: list[Json] = []
    token = ""
    while True:
        sent = {**query, "limit": str(PAGE), **({"continue": token} if token else {})}
        page = await client.request("GET", path, query=sent)
        items += page["items"]
        token = page["metadata"].get("continue", "")
        if not token:
            return items, int(page["metadata"]["revision"])
