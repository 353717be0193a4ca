"""`piston ceph`: the operator's hands on the cluster storage of a site.

`run` is Ceph's own command line, on a mon host, with the administrator's key for just that call.
`rebuild-mons` is in `ceph_rebuild`.
"""

from __future__ import annotations

import argparse
import json
import sys

from piston_iac import ceph_layout
from piston_iac.cli.ceph_rebuild import rebuild_mons, storage_of
from piston_iac.cli.open_site import open_site
from piston_iac.deadline import Deadline
from piston_iac.devices.boot_node import BootNodeClient
from piston_iac.devices.node_agent import NodeAgentClient
from piston_iac.errors import PistonError, Unreachable
from piston_iac.plan.ceph.caps import ADMIN
from piston_iac.plan.ceph.layout import mon_hosts, nodes_by_number
from piston_iac.plan.ceph.wanted import keys, wanted_cluster
from piston_iac.site.addresses import node_address
from piston_iac.site.schema import NetworkName, Site
from piston_iac.trust.authority import operator_identity, site_authority

_TOOLS = ("ceph", "rados", "rbd")
_CALL_S = 300.0
_SHORT_S = 10.0
_SITE = "the site's name: stacks/Pulumi.SITE.yaml"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `ceph` to the command line."""
    text = "work on the cluster storage of a site"
    commands = subparsers.add_parser("ceph", help=text, description=text).add_subparsers(
        metavar="COMMAND", required=True
    )
    run = commands.add_parser(
        "run", help="run Ceph's own tools: `piston ceph run lab -- osd tree`, `... -- rados -p vms ls`"
    )
    run.add_argument("site", metavar="SITE", help=_SITE)
    run.add_argument("arguments", nargs="*", metavar="-- [ceph|rados|rbd] ARGUMENT", help="default: ceph -s")
    run.set_defaults(run=_run)
    forget = commands.add_parser(
        "forget", help="give up a cluster that is lost for good, so that `pulumi up` may make a new one"
    )
    forget.add_argument("site", metavar="SITE", help=_SITE)
    forget.set_defaults(run=_forget)
    text = "make the mons anew from the OSDs, when every mon store is gone"
    rebuild = commands.add_parser("rebuild-mons", help=text, description=text)
    rebuild.add_argument("site", metavar="SITE", help=_SITE)
    rebuild.add_argument(
        "--without",
        metavar="NODE",
        action="append",
        default=[],
        help="go on without this node, which does not come back; may be given several times",
    )
    rebuild.set_defaults(run=_rebuild_mons)


def agent_of(site: Site, node: str) -> NodeAgentClient:
    """The operator's way to a node's agent."""
    address = str(node_address(site, node, NetworkName.MANAGEMENT))
    authority, identity = site_authority(site.seed, site.name), operator_identity(site.seed, site.name)
    return NodeAgentClient(address, node, authority.certificate_pem, identity)


def _run(options: argparse.Namespace) -> int:
    site = open_site(options.site)
    words = options.arguments or ["-s"]
    tool, arguments = (words[0], words[1:]) if words[0] in _TOOLS else (_TOOLS[0], words)
    request = {"name": ADMIN, "key": keys(site)[ADMIN], "tool": tool, "arguments": arguments}
    stdin = json.dumps(request).encode()
    tried = []
    for node in mon_hosts(site):
        agent = agent_of(site, node)
        try:
            agent.report(Deadline.after(_SHORT_S))
        except PistonError as error:
            tried.append(f"{node}: {error.cause}")
            continue
        done = agent.run_program(ceph_layout.CLI, stdin, Deadline.after(_CALL_S))
        sys.stdout.buffer.write(done.output)
        sys.stdout.flush()
        if done.status != 0 and done.errors:
            # While all goes well Ceph's tools complain of key files that nobody needs.
            print(done.errors, file=sys.stderr)
        return done.status
    raise Unreachable("Ceph", "reach a mon host", "; ".join(tried), "See `pulumi preview`.")


def _rebuild_mons(options: argparse.Namespace) -> int:
    site = open_site(options.site)
    agents = {node: agent_of(site, node) for node in nodes_by_number(site)}
    storage = storage_of(wanted_cluster(site), agents, keys(site))
    rebuild_mons(storage, options.without, lambda line: print(line, flush=True))
    return 0


def _forget(options: argparse.Namespace) -> int:
    """Take the mark from the boot node that says that this site's cluster was made."""
    site = open_site(options.site)
    ca_pem = site_authority(site.seed, site.name).certificate_pem
    client = BootNodeClient(str(site.boot_node.address), ca_pem, operator_identity(site.seed, site.name))
    client.delete_permit(ceph_layout.PERMIT, Deadline.after(_SHORT_S))
    print(
        "Forgotten at the boot node. The state is still bound to the old cluster: "
        "`pulumi state delete` its CephCluster resource, then run `pulumi up`."
    )
    return 0
