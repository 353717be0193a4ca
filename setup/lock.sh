#!/usr/bin/env bash
# Writes requirements.lock anew from pyproject.toml: run it after changing a dependency.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build/uv/bin/uv pip compile -q --python-version 3.11 --universal --generate-hashes --no-header --no-annotate \
    --group dev pyproject.toml -o requirements.lock
