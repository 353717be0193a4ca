#!/usr/bin/env bash
# After a killed run: says which locks of the lab's state are stale and removes them.
# Refused while an engine or a plugin host of that run still lives: it may still be at work on devices.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=env.sh
. ./env.sh

say() { echo "lab-unlock: $*"; }
refuse() { say "refused: $*" >&2; exit 1; }

state=$PISTON_LAB_DIR/pulumi/.pulumi
[ ! -d "$PISTON_LAB_DIR" ] || [ -r "$PISTON_LAB_DIR" ] || refuse "the lab's state belongs to root; run as root"
mapfile -t locks < <(find "$state/locks" -name '*.json' 2>/dev/null)
if [ ${#locks[@]} -eq 0 ]; then
    say "nothing is locked"
    exit 0
fi

value() { # key, lock file
    .venv/bin/python -c 'import json, sys; print(json.load(open(sys.argv[2])).get(sys.argv[1], "?"))' "$1" "$2"
}

# True when a process was started for this lab's state: another lab's may run beside it.
is_ours() { grep -qszxF "PULUMI_BACKEND_URL=$PULUMI_BACKEND_URL" "/proc/$1/environ"; }

# True while the engine that started a process lives: it is its parent, or its parent's parent.
has_engine() {
    local parent=$1
    for _ in 1 2; do
        parent=$(awk '/^PPid:/ {print $2}' "/proc/$parent/status" 2>/dev/null) || return 1
        [ "$(cat "/proc/$parent/comm" 2>/dev/null)" != pulumi ] || return 0
    done
    return 1
}

for lock in "${locks[@]}"; do
    pid=$(value pid "$lock")
    if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = pulumi ] && is_ours "$pid"; then
        refuse "the engine of that run still lives (pid $pid); wait for it or end it"
    fi
done
for pid in $(pgrep -f 'piston_iac\.dynamic_providers\.host'); do
    ! is_ours "$pid" || refuse "the plugin host of that run still lives (pid $pid); it ends by itself within seconds"
done
for lock in "${locks[@]}"; do
    say "removing the lock of pid $(value pid "$lock"), taken $(value timestamp "$lock")"
done
# Measured: language host and program outlive an engine that was killed, and wait for ever. The program goes
# first: it is known by its parent as well. (The kernel keeps 15 letters of pulumi-language-python.)
for pid in $(pgrep -f 'pulumi-language-python-exec') $(pgrep -x pulumi-language); do
    if is_ours "$pid" && ! has_engine "$pid"; then
        say "ending what the run left: $(cat "/proc/$pid/comm" 2>/dev/null) (pid $pid)"
        kill "$pid" 2>/dev/null || true # it may have ended with the other
    fi
done
pulumi cancel --stack lab --yes
