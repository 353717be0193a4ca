"""One tenant of the cloud: a project with its limits, and three servers in a network of its own.

The cloud itself is another project's: its stack tells where it is and lets us in. `cloud` works as the
cloud's administrator and makes what only they may make; `tenant` works inside the new project.
"""

import pulumi
import pulumi_openstack as openstack
import yaml

config = pulumi.Config()
name = config.require("project")
site = pulumi.StackReference(config.require("site"))
public_network = site.require_output("publicNetwork")


def login_of(clouds_yaml: str) -> dict[str, str]:
    """What its first entry says: the file that `openstack --os-cloud` reads too."""
    entry = next(iter(yaml.safe_load(clouds_yaml)["clouds"].values()))
    domains = {"user_domain_name": "Default", "project_domain_name": "Default"}
    return {**domains, "region": entry["region_name"], **entry["auth"]}


secrets = site.require_output("cloudsYaml").apply(login_of)


def shown(key: str) -> pulumi.Output[str]:
    """A part of the login that is no secret."""
    return pulumi.Output.unsecret(secrets[key])


login = {
    "auth_url": shown("auth_url"),
    "region": shown("region"),
    "cacert_file": site.require_output("cloudCa"),
    "user_name": shown("username"),
    "user_domain_name": shown("user_domain_name"),
    "password": secrets["password"],
}

# As the administrator: the project, what it may use, and who may work in it.
cloud = openstack.Provider(
    "cloud",
    **login,
    tenant_name=shown("project_name"),
    project_domain_name=shown("project_domain_name"),
)
by_cloud = pulumi.ResourceOptions(provider=cloud)
asking = pulumi.InvokeOptions(provider=cloud)

project = openstack.identity.Project(name, name=name, description="made by tenants/", opts=by_cloud)
member = openstack.identity.RoleAssignment(
    f"{name}-member",
    project_id=project.id,
    user_id=openstack.identity.get_auth_scope_output(name="administrator", opts=asking).user_id,
    role_id=openstack.identity.get_role_output(name="member", opts=asking).id,
    opts=by_cloud,
)
quotas = [
    openstack.compute.QuotaSetV2(name, project_id=project.id, instances=5, cores=5, ram=2048, opts=by_cloud),
    openstack.networking.QuotaV2(
        name, project_id=project.id, network=2, router=1, floatingip=2, opts=by_cloud
    ),
    openstack.blockstorage.QuoteSetV3(name, project_id=project.id, volumes=3, gigabytes=10, opts=by_cloud),
]
flavor = openstack.compute.Flavor(
    f"{name}-small", name=f"{name}-small", vcpus=1, ram=256, disk=1, opts=by_cloud
)

# Inside the project.
tenant = openstack.Provider(
    "tenant", **login, tenant_id=project.id, opts=pulumi.ResourceOptions(depends_on=[member, *quotas])
)
inside = pulumi.ResourceOptions(provider=tenant)

image = openstack.images.Image(
    "guest",
    name="guest",
    container_format="bare",
    disk_format=config.get("imageFormat") or "raw",
    local_file_path=config.require("image"),
    opts=inside,
)

network = openstack.networking.Network("net", name="net", opts=inside)
subnet = openstack.networking.Subnet(
    "net", name="net", network_id=network.id, cidr="192.168.7.0/24", opts=inside
)
outside = public_network.apply(
    lambda public: openstack.networking.get_network(name=public, external=True, opts=asking)
)
router = openstack.networking.Router("out", name="out", external_network_id=outside.id, opts=inside)
way_out = openstack.networking.RouterInterface("out", router_id=router.id, subnet_id=subnet.id, opts=inside)

web = openstack.networking.SecGroup(
    "web", name="web", description="ping, SSH and HTTP from anywhere", opts=inside
)
for protocol, port in (("icmp", None), ("tcp", 22), ("tcp", 80)):
    openstack.networking.SecGroupRule(
        f"web-{port or protocol}",
        security_group_id=web.id,
        direction="ingress",
        ethertype="IPv4",
        protocol=protocol,
        port_range_min=port,
        port_range_max=port,
        remote_ip_prefix="0.0.0.0/0",
        opts=inside,
    )
key = openstack.compute.Keypair("key", name=name, public_key=config.require("publicKey"), opts=inside)

ports, servers = {}, {}
for host in ("web-1", "web-2", "web-3"):
    ports[host] = openstack.networking.Port(
        host,
        name=host,
        network_id=network.id,
        fixed_ips=[{"subnet_id": subnet.id}],
        security_group_ids=[web.id],
        opts=inside,
    )
    servers[host] = openstack.compute.Instance(
        host,
        name=host,
        flavor_id=flavor.id,
        image_id=image.id,
        key_pair=key.name,
        networks=[{"port": ports[host].id}],
        opts=pulumi.ResourceOptions(provider=tenant, depends_on=[way_out]),
    )

volume = openstack.blockstorage.Volume("data", name="data", size=1, opts=inside)
openstack.compute.VolumeAttach("data", instance_id=servers["web-1"].id, volume_id=volume.id, opts=inside)

address = openstack.networking.FloatingIp("web", pool=public_network, opts=inside)
openstack.networking.FloatingIpAssociate(
    "web",
    floating_ip=address.address,
    port_id=ports["web-1"].id,
    opts=pulumi.ResourceOptions(provider=tenant, depends_on=[way_out]),
)

pulumi.export("address", address.address)
pulumi.export("servers", {host: server.access_ip_v4 for host, server in servers.items()})
pulumi.export("dashboard", site.get_output("dashboardUrl"))
