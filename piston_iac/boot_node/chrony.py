"""chrony's configuration on the boot node: pure text from settings. Source: chrony.conf(5)."""

from __future__ import annotations

from piston_iac.boot_node.settings import Settings


def chrony_conf(settings: Settings) -> str:
    """The whole file: follow the site's time servers, serve the management network.

    `local stratum 10` keeps nodes in step with each other when no upstream server answers.
    """
    lines = [
        "# Written by piston-bootd from the site's settings; changes here are overwritten.",
        *(f"server {server} iburst" for server in settings.ntp_upstream),
        "local stratum 10",
        f"allow {settings.cidr}",
        "driftfile /var/lib/chrony/chrony.drift",
        "makestep 1 3",
        "rtcsync",
    ]
    return "\n".join(lines) + "\n"
