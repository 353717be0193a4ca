#!/usr/bin/env bash
# Makes .venv as requirements.lock says. Does nothing when it is so already.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

uv_version=0.13.9
digest=$(cat requirements.lock pyproject.toml setup/python.sh | sha256sum | cut -c1-16)
[ -x .venv/bin/python ] && [ "$(cat .venv/lock-digest 2>/dev/null)" = "$digest" ] && exit 0

say() { echo "python: $*" >&2; }

[ -w . ] || { say "$(id -un) cannot write to $PWD"; exit 1; }

uv=build/uv/bin/uv
# This machine's certificates: a proxy that reads TLS has its authority there, not in uv's own list.
export UV_SYSTEM_CERTS=true
# A Python of this machine: one that uv downloads would come from a place that nobody here chose.
export UV_PYTHON_DOWNLOADS=never
if ! "$uv" --version 2>/dev/null | grep -qw "$uv_version"; then
    python3 -m venv --clear build/uv
    build/uv/bin/pip -q --disable-pip-version-check install "uv==$uv_version"
fi
if ! [ -x .venv/bin/python ]; then
    python=$("$uv" python find --system 3.11 2>/dev/null || "$uv" python find --system '>=3.11' 2>/dev/null) || {
        say "needs Python 3.11 or newer; this machine has $(python3 --version 2>&1)"
        exit 1
    }
    "$uv" venv -q --clear --python "$python" .venv
fi
say "installing what requirements.lock names"
# Compiled at once: each `pulumi` starts four Pythons, and where PYTHONDONTWRITEBYTECODE is set they would all begin
# with compiling what they import.
"$uv" pip sync -q --require-hashes --compile-bytecode requirements.lock
"$uv" pip install -q --no-deps -e .
echo "$digest" >.venv/lock-digest
