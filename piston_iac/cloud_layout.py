"""Where the control plane's things are on a node: one place for documents that name them and programs that
use them.

Standard library only: read by `plan` on the operator's side and by `node_programs` on nodes.
"""

from __future__ import annotations

PERMIT = "control-plane"
"""Purpose of the single-use permit to make database and message bus for the first time."""

# Database ---------------------------------------------------------------------------------------------
GALERA = "galera"
GALERA_UNIT = "piston-galera.service"
GALERA_CHECK_UNIT = "piston-galera-check.service"
GALERA_CONF = "/etc/piston/galera.cnf"
GALERA_ENVIRONMENT = "/etc/piston/galera.env"
GALERA_MOST_MIB = "BUFFER_POOL_MOST_MIB"
"""Names how large InnoDB's buffer pool may become, MiB. How large it is follows from the node's memory."""
GALERA_RUN_CONF = "/run/piston-galera/server.cnf"
"""What the server reads: the former, and what follows from the node's memory."""
GALERA_DATA = "/persist/galera/data"
GALERA_READY = "/persist/galera/ready"
"""Exists once this node is a member: a data directory without it is an attempt that was cut short."""
GALERA_BINLOG = "binlog"
"""Base name of the binary logs, which lie among the data."""
GALERA_USER = "mysql"
GALERA_SOCKET = "/run/piston-galera/socket"
GALERA_PID = "/run/piston-galera/pid"
GALERA_POSITION = "/run/piston-galera/position"
"""Where this member's data stood when it was last started, `<cluster uuid>:<number of the last write>`."""
GALERA_WEIGHT = "pc.weight"
"""What a member counts when a majority is looked for: 1, and 0 for one that has no data yet."""
GALERA_WITHOUT_DATA = "/run/piston-galera/without-data"
"""Exists from the start of a member that has to fetch all data until it has them."""
GALERA_MEMBER = "/run/piston-galera/member.json"
"""What this member knew of itself when its unit was last started. Gone when that is stopped."""
DATABASE_PORT = 3306
GALERA_PORT = 4567
GALERA_CHECK_PORT = 9200

# Backups of the database ----------------------------------------------------------------------------------
GALERA_ROOT = "/persist/galera"
BACKUP = "database-backup"
BACKUP_UNIT = "piston-database-backup.service"
BACKUP_CONF = "/etc/piston/database-backup.json"
BACKUP_ENTITY = "client.databases"
BACKUP_KEYRING = "/etc/ceph/ceph.client.databases.keyring"
BACKUP_POOL, BACKUP_NAMESPACE = "backups", "databases"
BACKUP_RUN = "/run/piston-database-backup"
BACKUP_STATUS = f"{BACKUP_RUN}/status.json"
RESTORE_STAGE = f"{GALERA_ROOT}/restore"
"""Where a restore is made ready, beside the data that is in use."""
RESTORE_ORDER = f"{GALERA_ROOT}/parked"
"""Exists while a restore keeps this node's database stopped, and says which one."""
RESTORE_LIST, RESTORE_LOOK, RESTORE_STAGE_PROGRAM = "restore-list", "restore-look", "restore-stage"
RESTORE_PARK, RESTORE_INSTALL, RESTORE_RELEASE = "restore-park", "restore-install", "restore-release"

# Message bus ------------------------------------------------------------------------------------------
RABBITMQ = "rabbitmq"
RABBITMQ_UNIT = "piston-rabbitmq.service"
RABBITMQ_CONF = "/etc/rabbitmq/rabbitmq.conf"
RABBITMQ_ENVIRONMENT = "/etc/piston/rabbitmq.env"
RABBITMQ_COOKIE = "/etc/piston/rabbitmq.cookie"
RABBITMQ_DATA = "/persist/rabbitmq/data"
RABBITMQ_READY = "/persist/rabbitmq/ready"
RABBITMQ_HOME = "/var/lib/rabbitmq"
RABBITMQ_USER = "rabbitmq"
AMQP_PORT = 5672

# OVN --------------------------------------------------------------------------------------------------
OVN = "ovn"
OVN_PERMIT = "ovn-central"
"""Purpose of the single-use permit to make OVN's databases for the first time."""
OVN_BOOTSTRAP, OVN_LOOK, OVN_DROP = "ovn-bootstrap", "ovn-look", "ovn-drop"
OVN_ACCESS = "/etc/piston/ovn.json"
"""What the programs of this node have to know of OVN's databases: their members. No secret."""
OVN_NB_UNIT, OVN_SB_UNIT = "piston-ovn-nb.service", "piston-ovn-sb.service"
OVN_NORTHD_UNIT = "piston-ovn-northd.service"
OVN_ENVIRONMENT = "/etc/piston/ovn.env"
OVN_DATA = "/persist/ovn"
OVN_READY = "/persist/ovn/ready"
OVN_RUN = "/run/ovn"
NB, SB = "OVN_Northbound", "OVN_Southbound"
OVN_DATABASES = {NB: ("nb", 6641, 6643), SB: ("sb", 6642, 6644)}
"""By schema: short name, port for clients, port for the other members."""

# Balancer ---------------------------------------------------------------------------------------------
MEMCACHED_UNIT = "memcached.service"
MEMCACHED_PORT = 11211
HAPROXY_UNIT = "haproxy.service"
HAPROXY_SOCKET = "/run/haproxy/admin.sock"
WORKING_PORT = 9201
"""Where a balancer says, at `/<service>`, whether that service works on its node. It tells nothing else."""
KEEPALIVED_UNIT = "keepalived.service"
KEYSTONE_PORT = 5000
GLANCE_PORT, NOVA_PORT, NEUTRON_PORT, CINDER_PORT = 9292, 8774, 9696, 8776
UNTRUSTED = -1
"""In place of an answer's status: somebody else's certificate is served there, or one that has ended."""
WEB_CA = "/etc/piston/web-ca.pem"
WEB_IDENTITY = "/etc/piston/web.pem"
"""Certificate and key of this node's balancer, one after the other."""
ACCESS = "/etc/piston/control-plane.json"
"""What the programs of this node have to know of the control plane: members and address. No secret."""

# What every node runs of the cloud -----------------------------------------------------------------------
CHASSIS_UNIT = "piston-ovn-controller.service"
METADATA_UNIT = "piston-metadata-agent.service"
METADATA_CONF = "/etc/neutron/metadata-agent.conf"
METADATA_PORT = 8775
LIBVIRT_UNIT, VIRTLOG_UNIT = "piston-libvirtd.service", "piston-virtlogd.service"
COMPUTE = "nova-compute"
COMPUTE_UNIT = "piston-nova-compute.service"
COMPUTE_CONF = "/etc/nova/compute.conf"
INSTANCES = "/persist/instances"
"""Disks of virtual machines, on the local mirror: lost with the node."""
IMAGE_CACHE = "/persist/images"
"""What instances were made of; the agent makes it, and limits it."""
OVS_SOCKET = "/run/openvswitch/db.sock"
EVACUATOR = "evacuator"
EVACUATOR_UNIT = "piston-evacuator.service"
EVACUATOR_CONF = "/etc/piston/evacuator.json"
EVACUATOR_ENTITY = "client.evacuator"

# What the cloud checks itself with ------------------------------------------------------------------------
CHECK = "piston-check"
"""Name of the project, of its security group and of the image."""
CHECK_FLAVOR = "piston.check"
GUEST_IMAGE = "/usr/share/piston/guest.raw"
"""The system of the machines that are started for a check: a disk, as it is, in every image of a node."""

# Object store ---------------------------------------------------------------------------------------------
RGW_UNIT = "piston-rgw.service"
RGW_CONF = "/etc/ceph/rgw.conf"
RGW_ENTITY = "client.rgw"
RGW_ZONE = "/etc/ceph/rgw-zone.json"
"""Which pools the object store uses."""

# Programs that the operator has run -------------------------------------------------------------------
BOOTSTRAP = "control-plane-bootstrap"
REVIVE = "control-plane-revive"
LOOK = "control-plane-look"
RELOAD_BALANCER, GROW_QUEUES = "balancer-reload", "queues-grow"
DATABASE = "service-database"
KEYSTONE_FIRST = "keystone-first"
API_LOOK, API_CHANGE = "api-look", "api-change"
CHECK_PAGES, CHECK_OBJECTS, CHECK_DASHBOARD = "check-pages", "check-objects", "check-dashboard"


FILL = "--fill"
"""Between the commands of a service's schema and those that put in what is the site's own."""
NOVA_CELL = "cell1"
"""Where Nova keeps its machines. Its services remember which cells there were when they began."""
EMPTY_DATABASE = "/usr/share/piston/database.tar"
"""In every image: the data directory of a database without content, with the schemas of all services."""
SCHEMAS = "/usr/share/piston/schemas.json"
"""Beside it: the versions of those schemas, as their migrations keep them, by database."""


def migrate_program(service: str) -> str:
    """Brings its database to the schema of this image's release."""
    return f"service-migrate-{service}"


def wsgi_unit(service: str) -> str:
    """systemd unit of a service that uWSGI runs."""
    return f"piston-wsgi@{service}.service"


def database_conf(service: str) -> str:
    """The file in which a service finds its database, by the name of its unit; empty: it has none."""
    others = {
        "glance": "/etc/glance/glance-api.conf",
        "horizon": "",
        "nova-metadata": "/etc/nova/nova.conf",
    }
    return others.get(service, f"/etc/{service}/{service}.conf")


def database_sections(service: str) -> dict[str, str]:
    """The databases that a service finds there, by the section of its settings."""
    others = {
        "nova": {"database": "nova", "api_database": "nova_api"},
        "nova-metadata": {"database": "nova", "api_database": "nova_api"},
        "placement": {"placement_database": "placement"},
    }
    return others.get(service, {"database": service})


def daemon_unit(service: str, role: str) -> str:
    """systemd unit of one of a service's daemons, such as the scheduler of nova."""
    return f"piston-{service}@{role}.service"


def wsgi_ini(service: str) -> str:
    """Its settings."""
    return f"/etc/piston/wsgi/{service}.ini"


def rabbitmq_node(address: str) -> str:
    """A member's Erlang name. Nodes find each other by address, so that nobody's name has to be known."""
    return f"rabbit@{address}"
