"""What checkov, a reviewer of manifests, finds in every release: nothing but what is as it is for a reason."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.tools import obtain
from tests.charts import cases
from tests.charts.chart import NAMESPACE, manifests_of

pytestmark = pytest.mark.long

CHECKOV_SECONDS = 300
# What is found and stays, by the end of the resource's name, each with the reason.
EXCUSED = {
    ("CKV_K8S_8", "-test"): "a pod that runs once and ends has no use for probes",
    ("CKV_K8S_9", "-test"): "a pod that runs once and ends has no use for probes",
    (
        "CKV_K8S_11",
        "",
    ): "a limit of the processor throttles a proxy while others are idle; requests give each its share",
    (
        "CKV_K8S_15",
        "",
    ): "a tag of a release does not move, and a registry that is away must not keep pods from starting",
    ("CKV_K8S_38", "-keys"): "what keeps Secrets talks to Kubernetes, by a Role for these Secrets only",
    ("CKV_K8S_38", "-renewal"): "what keeps Secrets talks to Kubernetes, by a Role for these Secrets only",
    ("CKV_K8S_43", ""): "the digest is a value (image.digest): a chart cannot know that of an image built from it",
    ("CKV_K8S_35", ""): "the name of etcd's user, and the admin token of Jobs, which a program reads from there",
    ("CKV_K8S_116", "-etcd"): "its TLS is in the configuration file, where checkov does not look",
    ("CKV_K8S_117", "-etcd"): "its TLS is in the configuration file, where checkov does not look",
    ("CKV_K8S_119", "-etcd"): "its TLS is in the configuration file, where checkov does not look",
}

Finding = tuple[str, str, str]


def test_checkov_finds_nothing_that_has_no_reason(tmp_path: Path) -> None:
    for name, values in cases.ACCEPTED.items():
        manifests = manifests_of(values)
        for each in manifests:
            each["metadata"].setdefault("namespace", NAMESPACE)  # helm says it, not the manifest
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump_all(manifests))
    found = findings(tmp_path)
    assert [each for each in found if not any(excuses(excuse, each) for excuse in EXCUSED)] == []
    assert [excuse for excuse in EXCUSED if not any(excuses(excuse, each) for each in found)] == []


def excuses(excuse: tuple[str, str], finding: Finding) -> bool:
    check, end = excuse
    return finding[0] == check and finding[1].endswith(end)


def findings(folder: Path) -> list[Finding]:
    """Check, resource and what it asks for. Nothing is fetched or sent."""
    options = ["--framework", "kubernetes", "--skip-download", "--output", "json", "--quiet", "--compact"]
    done = subprocess.run(
        [obtain("checkov"), "-d", str(folder), *options],
        capture_output=True,
        text=True,
        timeout=CHECKOV_SECONDS,
        check=False,
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin", "LOG_LEVEL": "ERROR"},
    )
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["summary"]["passed"] > 0 and report["summary"]["parsing_errors"] == 0, done.stderr
    failed = report["results"]["failed_checks"]
    return [(each["check_id"], each["resource"], each["check_name"]) for each in failed]


def test_checkov_finds_what_is_wrong(tmp_path: Path) -> None:
    manifests = manifests_of({})
    deployment = next(each for each in manifests if each["kind"] == "Deployment")
    deployment["spec"]["template"]["spec"]["containers"][0]["securityContext"]["privileged"] = True
    (tmp_path / "release.yaml").write_text(yaml.safe_dump(deployment))
    assert "CKV_K8S_16" in {check for check, *_ in findings(tmp_path)}
