#!/bin/sh
# One machine that has power: its firmware, then the system that the firmware loaded. A reboot starts
# over. Runs in the machine's control group; to switch the machine off is to kill that group.
#
#   machine.sh LAB MACHINE      with the serial line as its standard streams
set -u
lab=$1 machine=$2
. "$lab/rack.sh"
home=$lab/$machine
unit=$RACK_UNIT/$machine
netns=$RACK_PREFIX-$machine
export PYTHONPATH="$RACK_PROJECT" PYTHONDONTWRITEBYTECODE=1 PISTON_LAB_DIR="$lab" PISTON_LAB_PREFIX="$RACK_PREFIX"

echo 0 > "$unit/firmware/cgroup.procs"

# Network cards lose all state without power. A fresh namespace has no addresses, routes, bridges or
# settings of the last system; the cables stay plugged.
reset_cards() {
    ip netns add "$netns-reset"
    for card in eth0 eth1; do
        ip -n "$netns" link set "$card" netns "$netns-reset" 2>/dev/null
    done
    ip netns del "$netns"
    ip netns add "$netns"
    for card in eth0 eth1; do
        ip -n "$netns-reset" link set "$card" netns "$netns" 2>/dev/null
    done
    ip netns del "$netns-reset"
    ip -n "$netns" link set lo up
}

while :; do
    find "$unit/system" -mindepth 1 -depth -type d -exec rmdir {} + 2>/dev/null
    reset_cards
    nsenter --net="/run/netns/$netns" "$RACK_PYTHON" -m piston_iac.lab.firmware "$machine" || exit 1
    # PID 1 starts inside the group that becomes the root of its own control group namespace.
    (
        echo 0 > "$unit/system/cgroup.procs"
        exec nsenter --net="/run/netns/$netns" unshare --mount --propagation private --pid --uts --ipc \
            --cgroup --fork "$RACK_PYTHON" -m piston_iac.lab.node_root "$machine"
    )
    # PID 1 that asks for a reboot dies by SIGHUP (129), one that asks to power off by SIGINT (130).
    # Source: reboot(2), "Behavior inside PID namespaces".
    status=$?
    if [ $status -eq 130 ]; then
        ip -n "$netns" link set eth0 down
        ip -n "$netns" link set eth1 down 2>/dev/null
        exit 0
    fi
    [ $status -eq 129 ] || { echo "the system ended with status $status; starting again"; sleep 5; }
done
