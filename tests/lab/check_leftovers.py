"""Prints the names of whatever a check of the cloud has left in its project, a line each.

Run where the operator sits: `bin/at-operator .venv/bin/python -m tests.lab.check_leftovers`.
"""

from __future__ import annotations

from piston_iac.deadline import Deadline
from piston_iac.dynamic_providers.control_access import open_control_plane
from piston_iac.plan.cloud.check import seen as looking
from piston_iac.program import check_inputs
from piston_iac.site.schema import Site
from tests.lab.credentials import site_of
from tests.lab.operator_shell import Rack

_LIMIT_S = 120.0


def leftovers(site: Site) -> list[str]:
    inputs = check_inputs.cloud_check(site)
    driver, limit = open_control_plane(inputs), Deadline.after(_LIMIT_S)
    (found,) = driver.ask(inputs.login(), (looking.PROJECT_LOOK,), limit)
    project = looking.project_id(found)
    seen = looking.seen(driver.ask(inputs.login(), looking.look(project), limit, looking.PROJECT))
    kinds = {
        "network": seen.networks,
        "subnet": seen.subnets,
        "router": seen.routers,
        "port": seen.ports,
        "floating IP": seen.floating,
        "server": seen.servers,
        "volume": seen.volumes,
    }
    return [f"{kind} {name}" for kind, records in kinds.items() for name in records]


if __name__ == "__main__":
    print("\n".join(leftovers(site_of(Rack()))))
