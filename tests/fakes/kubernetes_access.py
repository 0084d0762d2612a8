"""What a service account may do, by Roles and RoleBindings of its namespace. Source: kubernetes.io, "Using RBAC"."""

from dataclasses import dataclass
from typing import Any

from tests.fakes.kubernetes_api import PLURALS, Key, KubernetesApi, Refused, plural

Json = dict[str, Any]

VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class Account:
    """A service account; its token is its name, since nothing here issues tokens."""

    namespace: str
    name: str

    @property
    def token(self) -> str:
        return f"{self.namespace}:{self.name}"


def account_of(token: str) -> Account:
    """Whose token it is.

    Raises:
        Refused: nobody's.
    """
    namespace, _, name = token.partition(":")
    if not name:
        raise Refused(401, "Unauthorized", "Unauthorized")
    return Account(namespace, name)


def require(api: KubernetesApi, account: Account, method: str, key: Key) -> None:
    """Let it pass if some Role says so.

    Raises:
        Refused: no Role does.
    """
    verb = VERBS[method] if key.name or method != "GET" else "list"
    group = PLURALS[plural(key.kind)][0].rpartition("/")[0]
    for binding in api.list("RoleBinding", key.namespace):
        subjects = [(each.get("namespace", key.namespace), each["name"]) for each in binding["subjects"]]
        role = api.find("Role", binding["roleRef"]["name"], key.namespace)
        if role is None or (account.namespace, account.name) not in subjects:
            continue
        if any(_allows(rule, (group, plural(key.kind), verb), key.name) for rule in role["rules"]):
            return
    who = f"system:serviceaccount:{account.namespace}:{account.name}"
    raise Refused(403, "Forbidden", f'User "{who}" cannot {verb} {plural(key.kind)} "{key.name}"')


def _allows(rule: Json, asked: tuple[str, str, str], name: str) -> bool:
    group, resource, verb = asked
    # A name in a rule never allows `create`: the name is not known when the request is authorized.
    names = rule.get("resourceNames")
    named = not names or (name in names and verb != "create")
    return group in rule["apiGroups"] and resource in rule["resources"] and verb in rule["verbs"] and named
