"""Deployments by wildcard, for the names that are said to be used. Source: LiteLLM's `PatternMatchRouter` (1.110)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from control_plane.litellm_import.deployment import Deployment
from control_plane.litellm_import.finding import Finding
from control_plane.litellm_import.model_name import MAX_CHARACTERS, TAKEN, NotServed, model_name

STAR = "*"
MAX_STARS = 4  # more take long to compare


def expand(deployments: Sequence[Deployment], names: Iterable[str], findings: list[Finding]) -> list[Deployment]:
    """One deployment for each name that a wildcard stands for. What has a name of its own goes before wildcards; of
    several wildcards the longest counts, as with LiteLLM.
    """
    own = {each.group for each in deployments if each.model}
    wildcards = sorted((each for each in deployments if not each.model), key=lambda each: -len(each.group))
    found: list[Deployment] = []
    for name in dict.fromkeys(names):
        if name in own:
            continue
        made, reason = _named(name, wildcards)
        if reason:
            findings.append(Finding(f"--model {name}", "NotMapped", reason, "write a Model for it"))
        found += made
    return found


def _named(name: str, wildcards: Sequence[Deployment]) -> tuple[list[Deployment], str]:
    """Those of the first wildcard that takes the name, or why there is none."""
    if len(name) > MAX_CHARACTERS or not TAKEN.fullmatch(name):
        return [], f"clients ask for models by up to {MAX_CHARACTERS} letters, digits and `-._:/@`"
    first = next((each.group for each in wildcards if _stars(each.group, name) is not None), None)
    if first is None:
        return [], "no wildcard of the configuration stands for it"
    stars = _stars(first, name) or ()
    try:
        return [_of(each, name, stars) for each in wildcards if each.group == first], ""
    except NotServed as error:
        return [], str(error)


def _stars(pattern: str, name: str) -> tuple[str, ...] | None:
    """What each star of the pattern stands for; None: the name is none of it. A pattern without one takes its name."""
    if pattern.count(STAR) > MAX_STARS:
        return None
    found = re.fullmatch("(.*)".join(map(re.escape, pattern.split(STAR))), name)
    return found.groups() if found else None


def _of(wildcard: Deployment, name: str, stars: Sequence[str]) -> Deployment:
    """The provider's name has the same stars, or none. Raises NotServed."""
    prefix, rest = wildcard.wildcard
    for star in stars:
        rest = rest.replace(STAR, star, 1)
    model, _ = model_name(prefix, rest)
    return replace(wildcard, group=name, model=model)
