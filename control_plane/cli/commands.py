"""All commands, with what `--help` and completion say of them before they are loaded."""

from dataclasses import dataclass

RUN, RESOURCES, FLEET, ACCESS = "Run", "Resources", "Fleet", "Access"


@dataclass(frozen=True, slots=True)
class Entry:
    """A command: `attribute` of `control_plane.cli.<module>`. `summary` is the first sentence of its help."""

    name: str
    module: str
    attribute: str
    group: str
    summary: str


COMMANDS = (
    Entry("up", "up", "up", RUN, "Run Isthmus on this machine: etcd, a control plane and one replica."),
    Entry("completion", "completion", "completion", RUN, "Print what makes a shell complete commands and kinds."),
    Entry("get", "get", "get", RESOURCES, "Show resources of a kind, or one by name."),
    Entry("apply", "apply", "apply", RESOURCES, "Create or change the resources in files: all of them or none."),
    Entry("diff", "diff", "diff", RESOURCES, "Show what `apply` would change, as the control plane sees it."),
    Entry("validate", "validate", "validate", RESOURCES, "Check files without a control plane."),
    Entry("delete", "delete", "delete", RESOURCES, "Delete resources by name, or those that files name."),
    Entry("history", "history", "history", RESOURCES, "List the versions of a resource, the newest first."),
    Entry("rollback", "rollback", "rollback", RESOURCES, "Restore an earlier version of a resource."),
    Entry("catalog", "catalog", "catalog", RESOURCES, "Show what is known of models: context, capabilities, prices."),
    Entry(
        "import",
        "import_resources",
        "import_resources",
        RESOURCES,
        "Make resources out of the configuration of another gateway.",
    ),
    Entry("export", "export", "export", RESOURCES, "Write all resources as YAML that `apply` takes."),
    Entry("restore", "restore", "restore", FLEET, "Make the store what a backup says, and have all replicas take it."),
    Entry("snapshot", "snapshot", "snapshot", FLEET, "Write a bootstrap snapshot of a Gateway."),
    Entry("status", "status", "status", FLEET, "Show the control plane, its replicas, and what they refuse."),
    Entry(
        "downgrade-check",
        "downgrade_check",
        "downgrade_check",
        FLEET,
        "List the resources that an older release could not read.",
    ),
    Entry("events", "events", "events", FLEET, "Follow what happens: changes, acks, refusals, replicas, leaders."),
    Entry("audit", "audit", "audit", FLEET, "List who changed what, the newest first."),
    Entry("explain-policy", "explain_policy", "explain_policy", FLEET, "Explain which policies are in force."),
    Entry("login", "login", "login", ACCESS, "Remember a control plane and an admin token."),
    Entry("keys", "keys", "keys", ACCESS, "Create, list and revoke API keys of applications."),
    Entry("tokens", "tokens", "tokens", ACCESS, "Create, list and revoke admin tokens."),
)


def find_command(name: str) -> Entry | None:
    """By the name that users write."""
    return next((entry for entry in COMMANDS if entry.name == name), None)
