#!/bin/sh
# The chassis of one machine: power and boot device.
#
#   chassis.sh LAB MACHINE get PARM...         called by the BMC: prints "parm:value" lines
#   chassis.sh LAB MACHINE set PARM VALUE...   called by the BMC: does it and logs it as a write
#   chassis.sh LAB MACHINE press on|off|soft   the button at the front: not a write of the BMC
#
# A shell script because ipmi_sim waits for it and it runs for every power query. The machine's control
# group tells whether it is on: no process id is kept. Source: ipmi_sim_cmd(5), chassis_control.
set -u
lab=$1 machine=$2 call=$3
shift 3
. "$lab/rack.sh"
home=$lab/$machine
unit=$RACK_UNIT/$machine

powered() {
    read -r _ populated < "$unit/cgroup.events"
    [ "$populated" = 1 ]
}

# A machine without power answers nothing, whatever its kernel still knows of its cards.
cards_down() {
    for card in eth0 eth1; do
        ip -n "$RACK_PREFIX-$machine" link set "$card" down 2>/dev/null || : # the boot node has one card
    done
}

power_on() {
    # The BMC and somebody at the button may come at the same time.
    exec 9>"$home/power.lock"
    flock 9
    powered && return
    # The machine must not keep the BMC's sockets: a restarted BMC could not open its port.
    setsid "$RACK_SCRIPTS/machine.sh" "$lab" "$machine" <"$home/console" >"$home/console" 2>&1 \
        3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
    tries=0
    until powered || [ $tries -ge 100 ]; do
        tries=$((tries + 1))
        sleep 0.02
    done
}

power_off() {
    echo 1 > "$unit/cgroup.kill"
    tries=0
    while powered && [ $tries -lt 250 ]; do
        tries=$((tries + 1))
        sleep 0.02
    done
    cards_down
}

# Ask the system to switch itself off: what the power button does in systemd's hands.
power_soft() {
    if [ -e "$unit/system/init.scope" ]; then
        read -r pid < "$unit/system/init.scope/cgroup.procs" && kill -38 "$pid"
    else
        power_off
    fi
}

get() {
    case $1 in
    power) powered && echo power:1 || echo power:0 ;;
    boot) if [ -s "$home/boot-device" ]; then read -r device < "$home/boot-device"; else device=none; fi
          echo "boot:$device" ;;
    *) echo "$1:0" ;;
    esac
}

set_one() {
    echo "$(date -u +%Y-%m-%dT%H:%M:%S.%3N+00:00) set $1 $2" >> "$lab/bmc${machine#n}/writes.log"
    case $1 in
    power) if [ "$2" = 1 ]; then power_on; else power_off; fi ;;
    reset) power_off; power_on ;;
    shutdown) power_soft ;;
    boot) echo "$2" > "$home/boot-device" ;;
    esac
}

case $call in
get) for parm in "$@"; do get "$parm"; done ;;
set) while [ $# -ge 2 ]; do set_one "$1" "$2"; shift 2; done ;;
press) case $1 in on) power_on ;; off) power_off ;; soft) power_soft ;; esac ;;
esac
