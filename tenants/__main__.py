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

# clouds.yaml, as `openstack --os-cloud` reads it too: a login and an address.
entry = site.require_output("cloudsYaml").apply(lambda text: next(iter(yaml.safe_load(text)["clouds"].values())))
login = {
    "auth_url": pulumi.Output.unsecret(entry["auth"]["auth_url"]),
    "region": pulumi.Output.unsecret(entry["region_name"]),
    "cacert_file": site.require_output("cloudCa"),
    "user_name": pulumi.Output.unsecret(entry["auth"]["username"]),
    "user_domain_name": pulumi.Output.unsecret(entry["auth"]["user_domain_name"]),
    "password": entry["auth"]["password"],
}

# As the administrator: the project, what it may use, and who may work in it.
cloud = openstack.Provider(
    "cloud",
    **login,
    tenant_name=pulumi.Output.unsecret(entry["auth"]["project_name"]),
    project_domain_name=pulumi.Output.unsecret(entry["auth"]["project_domain_name"]),
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
    openstack.networking.QuotaV2(name, project_id=project.id, network=2, router=1, floatingip=2, opts=by_cloud),
    openstack.blockstorage.QuoteSetV3(name, project_id=project.id, volumes=3, gigabytes=10, opts=by_cloud),
]
flavor = openstack.compute.Flavor(f"{name}-small", name=f"{name}-small", vcpus=1, ram=256, disk=1, opts=by_cloud)

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
subnet = openstack.networking.Subnet("net", name="net", network_id=network.id, cidr="192.168.7.0/24", opts=inside)
outside = openstack.networking.get_network_output(name=public_network, external=True, opts=asking)
router = openstack.networking.Router("out", name="out", external_network_id=outside.id, opts=inside)
way_out = openstack.networking.RouterInterface("out", router_id=router.id, subnet_id=subnet.id, opts=inside)

web = openstack.networking.SecGroup("web", name="web", description="ping, SSH and HTTP from anywhere", opts=inside)
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

ports, servers = [], []
for number in (1, 2, 3):
    port = openstack.networking.Port(
        f"web-{number}",
        name=f"web-{number}",
        network_id=network.id,
        fixed_ips=[{"subnet_id": subnet.id}],
        security_group_ids=[web.id],
        opts=inside,
    )
    server = openstack.compute.Instance(
        f"web-{number}",
        name=f"web-{number}",
        flavor_id=flavor.id,
        image_id=image.id,
        key_pair=key.name,
        networks=[{"port": port.id}],
        opts=pulumi.ResourceOptions(provider=tenant, depends_on=[way_out]),
    )
    ports.append(port)
    servers.append(server)

volume = openstack.blockstorage.Volume("data", name="data", size=1, opts=inside)
openstack.compute.VolumeAttach("data", instance_id=servers[0].id, volume_id=volume.id, opts=inside)

address = openstack.networking.FloatingIp("web", pool=public_network, opts=inside)
openstack.networking.FloatingIpAssociate(
    "web",
    floating_ip=address.address,
    port_id=ports[0].id,
    opts=pulumi.ResourceOptions(provider=tenant, depends_on=[way_out]),
)

pulumi.export("address", address.address)
pulumi.export("servers", {it._name: it.access_ip_v4 for it in servers})
pulumi.export("dashboard", site.get_output("dashboardUrl"))
