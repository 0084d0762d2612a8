"""Prints a release's notes from the fragments in docs/changes: by kind, in the order that readers need them.

Usage: python -m scripts.release_notes
"""

import sys
from collections.abc import Mapping
from pathlib import Path

FRAGMENTS = Path(__file__).parents[1] / "docs" / "changes"
TITLES = {  # what may ask something of the reader comes first
    "security": "Security",
    "removed": "Removed",
    "deprecated": "Deprecated",
    "changed": "Changed",
    "added": "Added",
    "fixed": "Fixed",
}


def main() -> int:
    """Print the notes; 1 if a fragment is of no known kind."""
    fragments = {path.name: path.read_text() for path in FRAGMENTS.glob("*.md") if path.name != "README.md"}
    try:
        print(notes(fragments), end="")
    except ValueError as error:
        print(f"release_notes: {error}", file=sys.stderr)
        return 1
    return 0


def notes(fragments: Mapping[str, str]) -> str:
    """Markdown, from fragments by their file names `<what>.<kind>.md`.

    Raises:
        ValueError: a name is not of that form.
    """
    by_kind: dict[str, list[str]] = {kind: [] for kind in TITLES}
    for name, text in sorted(fragments.items()):
        parts = name.split(".")
        if len(parts) != 3 or parts[1] not in TITLES:
            raise ValueError(f"'{name}' must be <what>.<kind>.md; kinds are {', '.join(TITLES)}")
        by_kind[parts[1]].append("- " + " ".join(text.split()))
    sections = (f"## {TITLES[kind]}\n\n" + "\n".join(entries) + "\n" for kind, entries in by_kind.items() if entries)
    return "\n".join(sections)


if __name__ == "__main__":
    sys.exit(main())
