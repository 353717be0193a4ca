"""pyghmi, a client that is not ours, finds on a BMC what our driver put there.

It runs in a process of its own: its sessions share state within one (docs/decisions/0007).
"""

from __future__ import annotations

import json
import subprocess
import sys

from pydantic import SecretStr

from piston_iac.deadline import Deadline
from piston_iac.devices.bmc.ipmi import IpmiBmc
from piston_iac.devices.bmc.protocol import Login, Power, Privilege
from tests.contract.bmc.rig import Bmc

OURS = Login("piston", SecretStr("Abcdefghijklmn16"))

LOOK = """
import json, sys
from pyghmi.ipmi.command import Command

port, user, password = json.loads(sys.stdin.read())
bmc = Command("127.0.0.1", user, password, port=port)
print(json.dumps({"power": bmc.get_power()["powerstate"], "user": bmc.get_user(3)}))
bmc.ipmi_session.logout()
"""


def _look(sim: Bmc, login: Login) -> dict[str, object]:
    told = json.dumps([sim.port, login.user, login.password.get_secret_value()])
    done = subprocess.run(
        [sys.executable, "-c", LOOK], input=told, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, object] = json.loads(done.stdout)
    return seen


def test_pyghmi_logs_in_as_our_user_and_sees_the_same(sim: Bmc, bmc: IpmiBmc, factory: Login) -> None:
    with bmc.session(factory) as session:
        session.put_user(3, OURS, Privilege.ADMINISTRATOR)
        session.set_power(Power.ON, Deadline.after(5))
    seen = _look(sim, OURS)
    assert seen["power"] == "on"
    user = seen["user"]
    assert isinstance(user, dict)
    assert user["name"] == "piston"
    assert user["access"]["privilege_level"] == "administrator"
    assert user["access"]["ipmi_msg"]
