"""A BMC that refuses both our users: a named fault that says what to do, and a way back."""

from __future__ import annotations

from piston_iac.trust.derive import break_glass_password
from piston_iac.trust.secret import Secret
from tests.lab.operator_shell import Rack

IPMITOOL = "piston lab exec operator -- ipmitool -I lanplus -C 3 -H 10.30.10.112 -U piston-rescue -E"


def test_both_passwords_changed(ready: Rack) -> None:
    seed = Secret(ready.must("pulumi config get seed --stack lab").strip())
    rescue = break_glass_password(seed, "n2", 1).get_secret_value()
    ready.must(f"IPMI_PASSWORD={rescue} {IPMITOOL} user set password 3 by-hand")
    ready.must(f"IPMI_PASSWORD={rescue} {IPMITOOL} user set password 4 by-hand")
    plan = ready.preview()
    assert plan.code == 0, plan.text
    told = plan.told()
    assert list(told) == ["IpmiCredential (n2-bmc)"], plan.text
    assert told["IpmiCredential (n2-bmc)"][0].startswith(
        "fault: refused: BMC of n2: it refuses our user and the break-glass user"
    )
    failed = ready.up()
    assert failed.code != 0
    assert "Reset the BMC to factory settings" in failed.text, failed.text


def test_after_a_factory_reset_up_takes_it_back(ready: Rack) -> None:
    ready.lab("bmc n2 --quirk reset-factory")
    again = ready.up()
    assert again.code == 0, again.text
    after = ready.preview()
    assert after.is_clean(), after.text
