"""The message bus: RabbitMQ on every control host. Queues are replicated (quorum queues)."""

from __future__ import annotations

from piston_iac import cloud_layout as layout
from piston_iac.node_document import File, Service
from piston_iac.plan.cloud.hosts import control_hosts, members
from piston_iac.plan.fragment import Fragment
from piston_iac.site.schema import Site
from piston_iac.trust.derive import service_password

_RETRY_S = 10.0
# Few threads and none that spins: it shares the machine with much else. Members look each 5 s whether the
# others still send beats: ten beats a second were a fifth of all packets of an idle rack.
_ERLANG = "+S 2:2 +A 16 +sbwt none +sbwtdcpu none +sbwtdio none -aten heartbeat_interval 500"


def fragment(site: Site, node: str) -> Fragment:
    """The server, where its data is."""
    if node not in control_hosts(site):
        return Fragment((), ())
    own = members(site)[node]
    password = service_password(site.seed, "rabbitmq/openstack").get_secret_value()
    cookie = service_password(site.seed, "rabbitmq/cookie").get_secret_value()
    restart = (layout.RABBITMQ_UNIT,)
    conf = "\n".join(
        (
            f"listeners.tcp.1 = {own}:{layout.AMQP_PORT}",
            f"cluster_name = piston-{site.name}",
            # A part without a majority stops: it would lose what it takes.
            "cluster_partition_handling = pause_minority",
            "default_queue_type = quorum",
            "vm_memory_high_watermark.absolute = 512MB",
            "disk_free_limit.absolute = 100MB",
            "default_user = openstack",
            f"default_pass = {password}",
            "log.console = true",
            "log.console.level = warning",
            "log.file = false",
        )
    )
    environment = "\n".join(
        (
            f"RABBITMQ_NODENAME={layout.rabbitmq_node(own)}",
            "RABBITMQ_USE_LONGNAME=true",
            f"RABBITMQ_MNESIA_BASE={layout.RABBITMQ_DATA}",
            f"ERL_EPMD_ADDRESS={own}",
            f'RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="{_ERLANG}"',
        )
    )
    owner = layout.RABBITMQ_USER
    return Fragment(
        files=(
            File(layout.RABBITMQ_CONF, f"{conf}\n", mode="0600", restart=restart, secret=True, owner=owner),
            File(layout.RABBITMQ_ENVIRONMENT, f"{environment}\n", restart=restart),
            File(layout.RABBITMQ_COOKIE, cookie, mode="0600", restart=restart, secret=True, owner=owner),
        ),
        units=(),
        services=(
            Service(
                layout.RABBITMQ,
                (layout.RABBITMQ_UNIT,),
                path=layout.RABBITMQ_READY,
                recover=("python3", "-m", "piston_iac.node_programs.cloud.rabbitmq", "recover"),
                retry_s=_RETRY_S,
            ),
        ),
    )
