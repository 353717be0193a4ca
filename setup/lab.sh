#!/usr/bin/env bash
# The lab from powered off to Ready: rack, boot node from its CloudKey, `pulumi up`. Again: no change.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=env.sh
. ./env.sh
export PISTON_NO_COLOUR=${PISTON_NO_COLOUR:-}

began=$(date +%s%N)
lap() { printf '== %5.1f s  %s\n' "$(($(date +%s%N) - began))e-9" "$*"; }

piston lab up
lap "rack is up, every node powered off"

mkdir -p "$PISTON_LAB_DIR/pulumi"
pulumi stack select lab >/dev/null 2>&1 || pulumi stack init lab --secrets-provider passphrase >/dev/null
if ! piston lab cloudkey --inserted; then
    key=$(mktemp -d)
    trap 'rm -rf "$key"' EXIT
    piston cloudkey settings lab --out "$key" --release-dir "$(piston image path)"
    piston lab cloudkey "$key"
    lap "CloudKey made and plugged into the boot node"
fi
piston lab power boot on

pulumi up --stack lab --yes --skip-preview
lap "pulumi up has finished"

cat <<TXT

  The rack: five Ready nodes, run by one stack file, stacks/Pulumi.lab.yaml

    . ./env.sh                                     puts the tools on PATH
    pulumi preview --stack lab                     compares the rack with the stack file: no change
    piston lab status                              the rack as its own hands see it
    piston lab switch mgmt -- ovs-vsctl set port n2-boot tag=99
    pulumi preview --stack lab                     names the port, the field, the old and the new value
    pulumi up --stack lab                          repairs just that
    piston lab power n3 off --hard                 then preview again: one line
    make lab-down                                  leaves nothing behind
TXT
