"""Files that a configuration includes, merged as LiteLLM merges them: lists grow, other values are replaced."""

from collections.abc import Callable, Mapping

from control_plane.litellm_import.finding import Finding, Unreadable

MAX_FILES = 64
Json = object
Read = Callable[[str], Mapping[str, Json]]  # by a path as `include` has it; raises Unreadable


def merge_includes(config: Mapping[str, Json], read: Read, findings: list[Finding]) -> dict[str, Json]:
    """The configuration with all that it includes, each file once.

    Raises:
        Unreadable: a file cannot be read, or `include` is no list of paths.
    """
    merged, pending, done = dict(config), _paths(config), 0
    seen: set[str] = set()
    merged.pop("include", None)
    while pending:
        path = pending.pop(0)
        if path in seen:
            continue
        seen.add(path)
        done += 1
        if done > MAX_FILES:
            raise Unreadable(f"more than {MAX_FILES} files are included")
        included = read(path)
        pending += _paths(included)
        for key, value in included.items():
            before = merged.get(key)
            if key == "include":
                continue
            if isinstance(before, list) and isinstance(value, list):
                merged[key] = [*before, *value]
                continue
            if before is not None and before != value:
                findings.append(
                    Finding(key, "Changed", "an included file replaces it as a whole, as with LiteLLM", "look at it")
                )
            merged[key] = value
    return merged


def _paths(config: Mapping[str, Json]) -> list[str]:
    given = config.get("include")
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(each, str) and each for each in given):
        raise Unreadable("`include` must be a list of paths")
    return [each for each in given if isinstance(each, str)]
