"""Values that a configuration leaves to the environment (`os.environ/NAME`), and Secrets for those that are secret."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from control_plane.litellm_import.finding import Finding
from control_plane.litellm_import.resource_name import ResourceNames

PREFIX = "os.environ/"
FILL_IN = "FILL IN"  # begins what no field takes, so that nothing is applied before it has been replaced
MAX_SECRET_CHARACTERS = 65_536
VALUE_KEY = "value"
NO_VARIABLE = " "  # at the end of what is named otherwise, so that both kinds of names are told apart


@dataclass(frozen=True, slots=True)
class SecretPart:
    """One value of a Secret: as far as it is known, and the variable that it comes from. Never in a repr."""

    value: str | None = field(repr=False)
    variable: str = ""


@dataclass(slots=True)
class Values:
    """`declared`: `environment_variables` of the configuration; `environment`: this process's, if it may be read."""

    declared: Mapping[str, str]
    environment: Mapping[str, str]
    findings: list[Finding]
    secrets: dict[str, dict[str, SecretPart]] = field(default_factory=dict)  # by resource name, then by key
    used: set[str] = field(default_factory=set)  # names of variables
    _names: ResourceNames = field(default_factory=ResourceNames)
    _literals: dict[str, str] = field(default_factory=dict)

    def plain(self, text: str | None, path: str) -> str | None:
        """A value that is no secret. What only the environment knows becomes a text to be replaced."""
        variable = variable_of(text)
        if text is None or not variable:
            return text
        found = self._look_up(variable)
        if found is None:
            reason = f"its value is in the environment variable {variable}"
            advice = f"replace `{FILL_IN}: {variable}` in the result, or run with --read-environment where it is set"
            self.findings.append(Finding(path, "ToDo", reason, advice))
            return f"{FILL_IN}: {variable}"
        return found

    def optional(self, variable: str) -> str | None:
        """What LiteLLM would take from the environment where a deployment says nothing, if it is known to be there."""
        return self._look_up(variable) if variable else None

    def part(self, text: str, path: str) -> SecretPart:
        """A secret value."""
        variable = variable_of(text)
        found = self._look_up(variable) if variable else text
        if found is not None and len(found) > MAX_SECRET_CHARACTERS:
            reason = f"a value of more than {MAX_SECRET_CHARACTERS} characters is no Secret's"
            self.findings.append(Finding(path, "NotMapped", reason, "put a shorter one into the Secret"))
            found = None
        if not variable or variable in self.declared:
            self.findings.append(
                Finding(
                    path, "ToDo", "a secret stands in the configuration in plain text", "replace it at its provider"
                )
            )
        if found is None and variable:
            reason = "LiteLLM reads this secret from its environment: its place in the Secret is empty"
            advice = "fill it in, or run with --read-environment where LiteLLM runs"
            self.findings.append(Finding(path, "ToDo", reason, advice))
        return SecretPart(found, variable)

    def secret(self, part: SecretPart, purpose: str) -> str:
        """The name of the Secret that holds this one value; values that are the same share one."""
        if part.variable:
            name = self._names.name(part.variable)
        else:
            literal = part.value or ""
            if literal not in self._literals:
                self._literals[literal] = self._names.name(self._unused(f"{purpose}-key") + NO_VARIABLE)
            name = self._literals[literal]
        self.secrets[name] = {VALUE_KEY: part}
        return name

    def bundle(self, parts: Mapping[str, SecretPart], purpose: str) -> str:
        """The name of a Secret that holds several values; the same ones share one."""
        for name, known in self.secrets.items():
            if known == parts:
                return name
        name = self._names.name(self._unused(purpose) + NO_VARIABLE)
        self.secrets[name] = dict(parts)
        return name

    def _look_up(self, variable: str) -> str | None:
        self.used.add(variable)
        return self.declared.get(variable) or self.environment.get(variable) or None

    def _unused(self, wanted: str) -> str:
        number, name = 1, wanted
        while name in self.secrets:
            number += 1
            name = f"{wanted}-{number}"
        return name


def variable_of(text: str | None) -> str:
    """The variable that a text names; empty if it names none."""
    return text.removeprefix(PREFIX) if text is not None and text.startswith(PREFIX) else ""
