#!/usr/bin/env bash
# Makes .venv as requirements.lock says. Does nothing when it is so already.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

uv_version=0.13.9
digest=$(cat requirements.lock pyproject.toml setup/python.sh | sha256sum | cut -c1-16)
[ "$(cat .venv/lock-digest 2>/dev/null)" = "$digest" ] && exit 0

uv=build/uv/bin/uv
if ! "$uv" --version 2>/dev/null | grep -qw "$uv_version"; then
    python3 -m venv --clear build/uv
    build/uv/bin/pip -q --disable-pip-version-check install "uv==$uv_version"
fi
[ -x .venv/bin/python ] || "$uv" venv -q --python 3.11 .venv
echo "python: installing what requirements.lock names"
"$uv" pip sync -q --require-hashes requirements.lock
"$uv" pip install -q --no-deps -e .
echo "$digest" >.venv/lock-digest
