#!/bin/sh
# What the firmware does with a DHCP lease: puts the address on the card and writes it down in $LEASE.
# Called by udhcpc. Without -o it leaves the address where it is when it ends.
set -eu
[ "$1" = bound ] || exit 0
[ -z "${mtu:-}" ] || ip link set "$interface" mtu "$mtu"
ip addr flush dev "$interface"
ip addr add "$ip/$mask" dev "$interface"
[ -z "${router:-}" ] || ip route replace default via "${router%% *}" dev "$interface"
cat > "$LEASE" <<END
ip=$ip
mask=$mask
serverid=${serverid:-}
bootfile=${bootfile:-${boot_file:-}}
END
