"""Makes or mends Keystone's administrator: `python3 -m piston_iac.node_programs.cloud.keystone_first make`.

In: {"password", "url", "region"}. Keystone's own bootstrap, in this process: its program takes the password
by its environment or arguments, where others could see it. Out: {"made": true}.
"""

from __future__ import annotations

import io
import os
import pwd
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass

from piston_iac.node_programs.program import Answer, Fault, Request, converse, leave
from piston_iac.trust.secret import Secret

_USER = "keystone"


@dataclass(frozen=True)
class First:
    """The administrator's password; the URL of the API, and the region."""

    password: Secret
    url: str
    region: str


def parse(raw: Request) -> First:
    """Read the operator's request.

    Raises:
        KeyError: it does not fit.
    """
    return First(Secret(str(raw["password"])), str(raw["url"]), str(raw["region"]))


def make(wanted: First) -> Answer:
    """Have Keystone make user, project, roles, region and its own entry in the catalogue.

    Raises:
        Fault: it refused.
    """
    user = pwd.getpwnam(_USER)
    os.initgroups(_USER, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    os.chdir("/")
    # Set after the start of this process, so it is in no list of processes.
    os.environ["OS_BOOTSTRAP_PASSWORD"] = wanted.password.get_secret_value()
    urls = [f"--bootstrap-{kind}-url={wanted.url}" for kind in ("admin", "internal", "public")]
    words = ["keystone-manage", "bootstrap", *urls, f"--bootstrap-region-id={wanted.region}"]
    # Only the image has it.
    from keystone.cmd import cli  # type: ignore[import-not-found]

    said = io.StringIO()
    try:
        with redirect_stdout(said), redirect_stderr(said):
            cli.main(argv=words)
    except SystemExit as end:
        if end.code:
            raise Fault(f"keystone-manage bootstrap ended with {end.code}") from None
    except Exception as error:  # noqa: BLE001 - whatever Keystone raises; its text may hold the password
        raise Fault(f"keystone-manage bootstrap failed ({type(error).__name__})") from None
    return {"made": True}


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    if arguments != ["make"]:
        print("usage: keystone_first make", file=sys.stderr)
        return 2
    return converse(parse, make)


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
