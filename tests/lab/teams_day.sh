#!/bin/sh
# What a team does in a day with OpenStack's own command line: a network, three servers, a volume and a floating IP,
# its page asked from the core network; and all of it taken down again. `openstack` is the one of `. ./env.sh`.
set -eu
export OS_CLOUD=lab

state() { openstack server show "day-$1" -f value -c status; }

echo "== a network with a way out"
openstack network create day
openstack subnet create day --network day --subnet-range 192.168.8.0/24
openstack router create day --external-gateway public
openstack router add subnet day day
openstack security group create day
openstack security group rule create day --protocol tcp --dst-port 80

echo "== three servers, a volume at the first, a floating IP"
for number in 1 2 3; do
    openstack server create "day-$number" --image piston-check --flavor piston.check --network day --security-group day
done
openstack volume create day --size 1
address=$(openstack floating ip create public -f value -c floating_ip_address)
for number in 1 2 3; do
    until now=$(state "$number") && [ "$now" = ACTIVE ]; do
        if [ "$now" = ERROR ]; then
            openstack server show "day-$number" -f value -c fault
            exit 1
        fi
        sleep 2
    done
done
openstack server add volume day-1 day
openstack server add floating ip day-1 "$address"

echo "== its page"
until piston lab exec core -- curl -sm 4 "http://$address/" | grep -q '^day-1'; do sleep 2; done

echo "== a snapshot, a clone and a backup of the volume"
# From this version on a volume that is in use needs no more words.
openstack --os-volume-api-version 3.66 volume snapshot create day --volume day
until [ "$(openstack volume snapshot show day -f value -c status)" = available ]; do sleep 2; done
openstack volume create day-clone --source day --size 1
openstack volume backup create day --name day --force
until [ "$(openstack volume backup show day -f value -c status)" = available ]; do sleep 2; done
until [ "$(openstack volume show day-clone -f value -c status)" = available ]; do sleep 2; done

echo "== an image of a server, and a volume of that: it is no raw one, so it is converted"
openstack server image create day-2 --name day
until [ "$(openstack image show day -f value -c status)" = active ]; do sleep 2; done
openstack volume create day-image --image day --size 1
until [ "$(openstack volume show day-image -f value -c status)" = available ]; do sleep 2; done

echo "== all of it down"
openstack server remove volume day-1 day
openstack server delete day-1 day-2 day-3 --wait
openstack floating ip delete "$address"
openstack volume backup delete day
openstack volume delete day-clone day-image
openstack image delete day
openstack volume snapshot delete day
while [ -n "$(openstack volume snapshot list -f value -c Name)" ]; do sleep 2; done
openstack volume delete day
while [ -n "$(openstack volume list -f value -c Name)" ]; do sleep 2; done
openstack router remove subnet day day
openstack router delete day
openstack network delete day
openstack security group delete day
