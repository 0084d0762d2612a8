"""The interactive explorer of the API at /docs: Swagger UI from the installed package `swagger-ui-py`, no network."""

from importlib.util import find_spec
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

FILES = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
}
# The page runs its own two scripts only; Swagger UI sets styles from script, and draws its icons from data URLs.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-cache"}
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Isthmus API</title>
  <link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
  <div id="explorer"></div>
  <script src="/docs/swagger-ui-bundle.js"></script>
  <script src="/docs/start.js"></script>
</body>
</html>
"""
# The token stays in the page's memory: `persistAuthorization` would put it into the browser's storage.
START = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#explorer",
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  persistAuthorization: false,
  validatorUrl: null,
});
"""


def add_explorer(app: web.Application) -> None:
    """Serve the page and its files."""
    folder = assets()
    app.router.add_get("/docs", _text(PAGE, "text/html"))
    app.router.add_get("/docs/start.js", _text(START, "text/javascript"))
    for name, content_type in FILES.items():
        app.router.add_get(f"/docs/{name}", _file(folder / name, content_type))


def assets() -> Path:
    """The folder of Swagger UI's files. The package is found, not imported: only its files are of use.

    Raises:
        FileNotFoundError: the package is not installed.
    """
    found = find_spec("swagger_ui")
    for location in (found.submodule_search_locations or ()) if found else ():
        folder = Path(location) / "static"
        if all((folder / name).is_file() for name in FILES):
            return folder
    raise FileNotFoundError("the package `swagger-ui-py`, which has the files of /docs, is not installed")


def _text(text: str, content_type: str) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=text, content_type=content_type, headers=HEADERS)

    return answer


def _file(path: Path, content_type: str) -> Handler:
    async def answer(_: web.Request) -> web.FileResponse:
        return web.FileResponse(path, headers={**HEADERS, "Content-Type": content_type})

    return answer
