"""What documents refer to."""

import pytest

from config_schemas.registry import KINDS
from control_plane.admission.references import FIELDS, references
from tests.fakes.control_plane import document


@pytest.mark.parametrize("kind", FIELDS)
def test_kinds_stand_behind_what_they_refer_to(kind: str) -> None:
    order = list(KINDS)
    for _, named in FIELDS[kind]:
        name = named.partition("#")[0]
        assert not name or order.index(name) < order.index(kind)


def test_a_gateway_refers_to_both_parts_of_its_certificates() -> None:
    gateway = document(
        "Gateway", "edge", {"tls": {"certificateRefs": [{"name": "a"}, {"name": "b"}]}}, tenant="platform"
    )
    found = {(ref.path, ref.secret_key, ref.field) for ref in references(gateway)}
    assert found == {
        (f"platform/Secret/{name}", key, f"spec.tls.certificateRefs[{index}]")
        for index, name in enumerate("ab")
        for key in ("tls.crt", "tls.key")
    }


def test_a_provider_refers_to_each_of_its_keys() -> None:
    keys = document(
        "Provider", "p", {"type": "OpenAI", "auth": {"secretRefs": [{"name": "a"}, {"name": "b", "key": "k"}]}}
    )
    aws = document("Provider", "p", {"type": "Bedrock", "auth": {"type": "AwsKeys", "aws": {"keysRef": {"name": "a"}}}})

    assert [(ref.field, ref.name, ref.secret_key) for ref in references(keys) if ref.kind == "Secret"] == [
        ("spec.auth.secretRefs[0]", "a", "value"),
        ("spec.auth.secretRefs[1]", "b", "k"),
    ]
    assert [(ref.field, ref.secret_key) for ref in references(aws) if ref.kind == "Secret"] == [
        ("spec.auth.aws.keysRef", "accessKeyId"),
        ("spec.auth.aws.keysRef", "secretAccessKey"),
    ]
