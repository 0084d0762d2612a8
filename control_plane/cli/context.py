"""Which control plane a command talks to: options, then the environment, then what `isthmus login` stored."""

import json
import os
from pathlib import Path

from control_plane.cli.client import Access
from control_plane.cli.data_dir import write_private
from control_plane.cli.errors import CliError, ExitCode
from control_plane.cli.options import Options


def config_file() -> Path:
    """The file of contexts; `ISTHMUS_CONFIG` names another. Source: XDG Base Directory Specification 0.8."""
    if named := os.environ.get("ISTHMUS_CONFIG"):
        return Path(named)
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "isthmus" / "config.json"


def resolve(options: Options) -> Access:
    """The access that a command uses.

    Raises:
        CliError: none is known, or its files cannot be read.
    """
    stored = _stored(options.context)
    url = options.url or ("" if options.context else os.environ.get("ISTHMUS_ADMIN_URL", "")) or stored.get("url", "")
    if not url:
        raise CliError(
            "no control plane is known: run `isthmus login URL`, or `. .isthmus/env` beside a running `make up`",
            ExitCode.USAGE,
        )
    from_login = url == stored.get("url")  # a stored token goes to no other address than the one it was stored for
    token = read_token(options.token_file) if options.token_file else ""
    if not token and not options.context:
        token = _token_of_environment()
    if not token and from_login:
        token = stored.get("token", "")
    ca_file = options.ca_file or ("" if options.context else os.environ.get("ISTHMUS_ADMIN_CA", ""))
    if not ca_file and from_login:
        ca_file = stored.get("caFile", "")
    return Access(url, token, ca_file)


def store(name: str, access: Access) -> Path:
    """Keep an access under a name and make it the current one; the file is readable by its owner only."""
    path = config_file()
    config = _read(path)
    contexts = config.get("contexts")
    contexts = contexts if isinstance(contexts, dict) else {}
    contexts[name] = {"url": access.url, "token": access.token, "caFile": access.ca_file}
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CliError(f"cannot make {path.parent}: {error.strerror}") from error
    write_private(path, json.dumps({"current": name, "contexts": contexts}, indent=2) + "\n")
    return path


def read_token(path: str) -> str:
    """The admin token in a file.

    Raises:
        CliError: it cannot be read.
    """
    try:
        text = Path(path).read_text(errors="replace")
    except OSError as error:
        raise CliError(f"cannot read the token file '{path}': {error.strerror}", ExitCode.USAGE) from error
    return check_token(text.strip())


def check_token(text: str) -> str:
    """The text, if it can be a token.

    Raises:
        CliError: it cannot; the message does not repeat it.
    """
    if not text.isascii() or not text.isprintable() or not text or " " in text:
        raise CliError("what was given as admin token is none: it must be one word of ASCII characters", ExitCode.USAGE)
    return text


def _token_of_environment() -> str:
    text = os.environ.get("ISTHMUS_ADMIN_TOKEN", "").strip()
    return check_token(text) if text else ""


def _stored(name: str) -> dict[str, str]:
    config = _read(config_file())
    contexts = config.get("contexts")
    found = contexts.get(name or config.get("current", "")) if isinstance(contexts, dict) else None
    if name and not isinstance(found, dict):
        raise CliError(f"there is no context '{name}' in {config_file()}; make it with `isthmus login`", ExitCode.USAGE)
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def _read(path: Path) -> dict[str, object]:
    try:
        decoded = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise CliError(f"cannot read {path}: {error}", ExitCode.USAGE) from error
    return decoded if isinstance(decoded, dict) else {}
