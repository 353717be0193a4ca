#!/usr/bin/env bash
# After a killed run: says which locks of the lab's state are stale and removes them.
# Refused while an engine or a plugin host of that run still lives: it may still be at work on devices.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=env.sh
. ./env.sh

mapfile -t locks < <(find "$PISTON_LAB_DIR/pulumi/.pulumi/locks" -name '*.json' 2>/dev/null)
if [ ${#locks[@]} -eq 0 ]; then
    echo "lab-unlock: nothing is locked"
    exit 0
fi

value() { # key, lock file
    .venv/bin/python -c 'import json, sys; print(json.load(open(sys.argv[2])).get(sys.argv[1], "?"))' "$1" "$2"
}

for lock in "${locks[@]}"; do
    pid=$(value pid "$lock")
    if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = pulumi ]; then
        echo "lab-unlock: refused: the engine of that run still lives (pid $pid); wait for it or end it" >&2
        exit 1
    fi
done
if hosts=$(pgrep -f 'piston_iac\.dynamic_providers\.host'); then
    echo "lab-unlock: refused: a plugin host still lives (pid ${hosts//$'\n'/, }); it ends by itself within seconds" >&2
    exit 1
fi
for lock in "${locks[@]}"; do
    echo "lab-unlock: removing the lock of pid $(value pid "$lock"), taken $(value timestamp "$lock")"
done
pulumi cancel --stack lab --yes
