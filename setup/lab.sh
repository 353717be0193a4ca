#!/usr/bin/env bash
# The lab from powered off to Ready: rack, boot node from its CloudKey, `pulumi up`. Again: no change.
#   --rack-only   stop before `pulumi up`
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=env.sh
. ./env.sh

began=$(date +%s%N)
lap() { printf '== %6.1f s  %s\n' "$(($(date +%s%N) - began))e-9" "$*"; }

plug_cloudkey() {
    local key
    key=$(mktemp -d)
    # shellcheck disable=SC2064 # the directory is known now and not later
    trap "rm -rf '$key'" EXIT
    piston cloudkey settings lab --out "$key" >/dev/null --release-dir "$(dirname "$(piston image path)")"
    piston lab cloudkey "$key"
}

echo "A virtual rack on this machine: five nodes, two switches, a boot node; then \`pulumi up\` installs it."
piston lab up
lap "the rack is up, every node powered off"

mkdir -p "$PISTON_LAB_DIR/pulumi"
pulumi stack select lab >/dev/null 2>&1 || pulumi stack init lab >/dev/null
if [ ! -e "$PISTON_LAB_DIR/cloudkey/bootnode.json" ]; then
    plug_cloudkey
    lap "the CloudKey is made and plugged into the boot node"
fi
piston lab power boot on
[ "${1:-}" != --rack-only ] || exit 0

pulumi up --stack lab --yes --skip-preview
lap "pulumi up is done"
piston cloud-config lab >/dev/null

cat <<TXT

  Five Ready nodes with a Ceph cluster over them and an OpenStack on it, which has checked itself with a machine on each
  node. One file describes all of it: stacks/Pulumi.lab.yaml. The dashboard is https://10.30.20.10/. What to try next:

    . ./env.sh                                                      the tools on PATH
    pulumi preview --stack lab                                      stack file against rack: no change
    piston lab switch mgmt -- ovs-vsctl set port n2-boot tag=99     someone moves a port
    pulumi preview --stack lab                                      names port, field, old and new value
    pulumi up --stack lab                                           repairs just that
    piston lab power n3 off --hard                                  preview again: one line
    piston ceph run lab                                             the cluster storage, as Ceph tells it
    piston lab console n4 -- systemctl stop 'piston-osd@*'          preview again: which OSD, down => up
    openstack --os-cloud lab compute service list                   the cloud, as its administrator sees it
    openstack --os-cloud lab flavor delete m1.tiny                  preview again: missing => its size
    piston lab status                                               the rack, seen from outside
    make lab-down                                                   leaves nothing behind
TXT
