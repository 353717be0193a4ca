"""`piston restore`: brings back what a site has backups of. So far: the databases of the control plane."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from piston_iac.cli.ceph import agent_of
from piston_iac.cli.database_hosts import ACTION, Hosts
from piston_iac.cli.database_restore import Plan, Restore
from piston_iac.cli.open_site import open_site
from piston_iac.devices.control_plane import DEVICE
from piston_iac.errors import Interrupted, SetupError, UnsafeChange
from piston_iac.plan.cloud.backups import Backup, parse_time, shown
from piston_iac.plan.cloud.hosts import control_hosts

_MIB = 1024**2


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `restore` to the command line."""
    text = "bring back what there are backups of"
    commands = subparsers.add_parser("restore", help=text, description=text).add_subparsers(
        metavar="COMMAND", required=True
    )
    text = "bring the control plane's databases back to a moment"
    databases = commands.add_parser("databases", help=text, description=text)
    databases.add_argument("site", metavar="SITE", help="the site's name: stacks/Pulumi.SITE.yaml")
    databases.add_argument(
        "--at", metavar="TIME", help="ISO 8601, UTC when it names no zone (default: the newest possible)"
    )
    databases.add_argument("--list", action="store_true", help="show which moments can be restored")
    databases.add_argument("--yes", action="store_true", help="do not ask")
    databases.add_argument(
        "--without",
        metavar="HOST",
        action="append",
        default=[],
        help="go on without this control host, which is off; may be given several times",
    )
    databases.set_defaults(run=_databases)


def _databases(options: argparse.Namespace) -> int:
    at = _moment(options.at)
    site = open_site(options.site)
    hosts = control_hosts(site)
    if not hosts:
        raise SetupError(f"site {site.name}", ACTION, "it has no control plane", "See piston:controlPlane.")
    agents = Hosts({host: agent_of(site, host) for host in hosts})
    if options.list:
        Console().print(table(agents.backups()))
        return 0
    restore = Restore(agents, lambda line: print(line, flush=True))
    plan = restore.plan(at, options.without)
    for line in announcement(plan):
        print(line)
    if not options.yes and not _agreed():
        raise Interrupted(DEVICE, ACTION, "it was not confirmed", "Nothing was changed.")
    restore.run(plan)
    return 0


def announcement(plan: Plan) -> tuple[str, ...]:
    """What is going to be done, for the operator to agree to."""
    order = plan.order
    begun = "goes on with the restore that was cut short: " if plan.begun else ""
    return (
        f"{begun}the databases go back to {shown(order.at)}, from backup {order.chain}.",
        f"It is made ready on {order.host}; then the database stops on {', '.join(plan.hosts)}, and begins "
        f"again on {order.host}. What was written after that moment is no longer there.",
        f"The data of now is kept on every host in {_before(order.stamp)}.",
    )


def table(backups: Sequence[Backup]) -> Table:
    """What can be restored, newest first."""
    made = Table("from", "to", "backup", "made by", "size", "stored")
    for column in made.columns:
        # A moment that is cut off cannot be asked for: a narrow screen may wrap it.
        column.overflow = "fold"
    for it in reversed(backups):
        size = f"{(it.full_bytes + it.log_bytes) / _MIB:.0f} MiB"
        made.add_row(
            shown(it.start), shown(it.until), it.id, it.host, size, f"{it.stored_bytes / _MIB:.0f} MiB"
        )
    return made


def _before(stamp: str) -> str:
    return f"/persist/galera/before-{stamp}"


def _moment(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return parse_time(text)
    except ValueError as error:
        raise UnsafeChange("--at", "read the time", str(error), "Nothing was changed.") from error


def _agreed() -> bool:
    if not sys.stdin.isatty():
        raise SetupError(DEVICE, ACTION, "nobody can be asked here", "Give --yes.")
    return input("Go on? [y/N] ").strip().lower() in ("y", "yes")
