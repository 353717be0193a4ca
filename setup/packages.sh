#!/usr/bin/env bash
# Installs the Debian packages that the lab and its tests need. Does nothing when all are there.
set -euo pipefail

packages=(
    # set-up itself
    ca-certificates curl git make python3 python3-venv
    # the micro-OS image
    mmdebstrap squashfs-tools zstd
    # the virtual rack: switches, BMCs, firmware, disks, wires
    openvswitch-switch openipmi ipmitool udhcpc busybox btrfs-progs iproute2 ethtool util-linux socat
    # tests: a boot node's services outside its image
    dnsmasq-base chrony tcpdump shellcheck
)

missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

[ "$(id -u)" -eq 0 ] || { echo "packages: run as root, or install: ${missing[*]}" >&2; exit 1; }
echo "packages: installing ${missing[*]}"
# The lab starts its own daemons in its own namespaces; Debian's start-up of them is not wanted here.
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d.piston
chmod +x /usr/sbin/policy-rc.d.piston
trap 'rm -f /usr/sbin/policy-rc.d.piston' EXIT
export DEBIAN_FRONTEND=noninteractive POLICYRCD=/usr/sbin/policy-rc.d.piston
apt-get -qq update
apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
