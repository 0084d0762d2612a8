"""What the matrix has found, as it is kept: passes are what is not said otherwise."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.fakes.matrix import Cell
from tests.fakes.matrix_judge import ABSENT, FAIL, LOSSY, PASS, REFUSED, Verdict
from tests.fakes.matrix_scenario import Json

GOLDEN = Path(__file__).parents[1] / "golden" / "conformance.json"
RUN = re.compile(r"\[matrix r[0-9]+\]|\br[0-9]{2,}\b|[0-9]{9,}|[A-Za-z0-9+/=_-]{40,}")
MAX_REASON = 200


def to_json(verdicts: Mapping[Cell, Verdict], versions: Mapping[str, str]) -> str:
    """Of a whole run."""
    clients: dict[str, dict[str, Json]] = {}
    for (client, provider, feature), verdict in sorted(verdicts.items(), key=lambda each: each[0]):
        kept = clients.setdefault(client, {}).setdefault(provider, {PASS: [], **{word: {} for word in OTHERS}})
        if verdict.word in OTHERS:
            kept[verdict.word][feature] = reason_of(verdict)
        else:
            kept.setdefault(verdict.word, []).append(feature)
    return json.dumps({"versions": versions, "clients": clients}, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


OTHERS = (LOSSY, REFUSED, FAIL)


def reason_of(verdict: Verdict) -> str:
    """Without what differs from run to run."""
    return RUN.sub("...", "; ".join(verdict.reasons))[:MAX_REASON]


def read(text: str) -> tuple[dict[Cell, Verdict], dict[str, str]]:
    """Verdicts, and versions of SDKs."""
    document = json.loads(text)
    return dict(_cells(document["clients"])), document["versions"]


def _cells(clients: Mapping[str, Mapping[str, Json]]) -> Iterator[tuple[Cell, Verdict]]:
    for client, providers in clients.items():
        for provider, kept in providers.items():
            for word in (PASS, ABSENT):
                yield from (((client, provider, feature), Verdict(word)) for feature in kept.get(word, ()))
            for word in OTHERS:
                yield from (((client, provider, feature), Verdict(word, (why,))) for feature, why in kept[word].items())


def lost(before: Mapping[Cell, Verdict], now: Mapping[Cell, Verdict]) -> list[str]:
    """Cells of this run that were better."""
    order = (FAIL, REFUSED, LOSSY, PASS)
    return [
        f"{' > '.join(cell)}: {before[cell].word}, now {verdict.word} ({reason_of(verdict)})"
        for cell, verdict in now.items()
        if cell in before
        and ABSENT not in (before[cell].word, verdict.word)
        and order.index(verdict.word) < order.index(before[cell].word)
    ]
