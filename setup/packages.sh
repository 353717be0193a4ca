#!/usr/bin/env bash
# Installs the Debian packages that the lab and its tests need. Does nothing when all are there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

packages=(
    # set-up itself
    ca-certificates curl git make procps python3 python3-venv
    # the micro-OS image
    mmdebstrap squashfs-tools patch
    # the virtual rack: switches, BMCs, firmware, disks, wires. udhcpc brings the busybox that this machine
    # prefers: naming busybox here would remove a busybox-static.
    openvswitch-switch libtcmalloc-minimal4 openipmi ipmitool udhcpc btrfs-progs iproute2 ethtool mount util-linux
    # tests: a boot node's DHCP outside its image, what goes over the cables
    dnsmasq-base tcpdump shellcheck iputils-ping
)
# Packages that would start a service now and at each start of this machine. The lab runs these programs in
# its own namespaces; nobody asked for them on this machine itself.
services=(openvswitch-switch openipmi)

policy=/usr/sbin/policy-rc.d
ours="written by piston-iac's setup/packages.sh"

say() { echo "packages: $*" >&2; }

installed() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

# Debian asks this file, and no other, before it starts a service. One that is there already is the
# administrator's and stays.
forbid_start() {
    [ ! -e "$policy" ] || return 0
    trap allow_start EXIT
    trap 'exit 1' HUP INT TERM
    cat >"$policy" <<TXT
#!/bin/sh
# $ours; it removes this file when it is done.
case \$1 in
$(IFS='|'; echo "${services[*]/%/*}") | ovs* | ipmievd* | uuidd*) exit 101 ;;
esac
exit 0
TXT
    chmod 755 "$policy"
}

allow_start() { ! grep -qs "$ours" "$policy" || rm -f "$policy"; }

quietly() { # command: its last lines are shown when it fails
    local log
    log=$(mktemp)
    if ! "$@" >"$log" 2>&1; then
        tail -n 15 "$log" >&2
        say "failed: $*; its last lines are above, all of them in $log"
        return 1
    fi
    rm -f "$log"
}

# The tests ask chronyd whether it can read the boot node's file, and an agent that runs here asks chronyc. Their
# package would replace this machine's own time service, so only the programs are taken, and only for the tests.
chrony_here() {
    local program
    for program in chronyd chronyc; do
        PATH=$PATH:/usr/sbin:$PWD/build/tools command -v "$program" >/dev/null || return 1
    done
}

unpack_chrony() {
    local work
    work=$(mktemp -d)
    (cd "$work" && { apt-get -q download chrony || { apt-get -q update && apt-get -q download chrony; }; } &&
        dpkg-deb --extract chrony_*.deb .) &&
        install -D -m 755 -t build/tools "$work/usr/sbin/chronyd" "$work/usr/bin/chronyc" &&
        rm -rf "$work"
}

missing=()
for package in "${packages[@]}"; do
    installed "$package" || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    command -v apt-get >/dev/null || { say "needs Debian 12 or newer, or a system like it: there is no apt-get here"; exit 1; }
    [ "$(id -u)" -eq 0 ] || { say "run as root, or install: ${missing[*]}"; exit 1; }
    say "installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    allow_start # one that a killed run left
    forbid_start
    quietly apt-get -q update
    # A new machine updates itself in its first minutes and holds the lock meanwhile.
    quietly apt-get -q -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${missing[@]}"
    for service in "${services[@]}"; do
        [[ " ${missing[*]} " != *" $service "* ]] || quietly update-rc.d "$service" disable
    done
fi
chrony_here || quietly unpack_chrony
