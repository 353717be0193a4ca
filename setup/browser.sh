#!/usr/bin/env bash
# Installs the browser with which long tests look at the dashboard. Does nothing when it is there.
set -euo pipefail

packages=(chromium chromium-driver libnss3-tools fonts-dejavu-core)
dpkg-query -W -f '${Status}\n' "${packages[@]}" 2>/dev/null | grep -c 'ok installed' | grep -qx "${#packages[@]}" && exit 0
[ "$(id -u)" -eq 0 ] || { echo "browser: run as root, or install: ${packages[*]}" >&2; exit 1; }
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${packages[@]}" >/dev/null
