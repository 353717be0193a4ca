"""Puts an object and gets it, by Swift and by S3: `python3 -m ...cloud.check_objects put`.

In: {"user", "password", "project", "port"}: who, in which project, and the port of the object store.
Out: {"seconds": what all of it took}. Nothing of it is left, however it ends.
"""

from __future__ import annotations

import json
import secrets
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from piston_iac import cloud_layout as layout
from piston_iac.node_programs.cloud.access import read_access
from piston_iac.node_programs.cloud.https import ask
from piston_iac.node_programs.cloud.keystone_login import scoped_token
from piston_iac.node_programs.program import Answer, Fault, Request, converse, leave
from piston_iac.trust.secret import Secret

_LIMIT_S = 20.0
_CREATED, _FIRST_ERROR = 201, 300
_REGION = "us-east-1"


@dataclass(frozen=True)
class Order:
    """Who asks, and where."""

    user: str
    password: Secret
    project: str
    port: int


@dataclass(frozen=True)
class _Store:
    """One way to the store: `prefix` of its paths, and what signs a request."""

    name: str
    address: str
    port: int
    prefix: str
    key: str = ""
    signer: S3SigV4Auth | None = None

    def send(self, method: str, path: str, body: bytes = b"") -> bytes:
        """One request; the body of its answer.

        Raises:
            Fault: it is refused.
        """
        headers = {"X-Auth-Token": self.key} if self.key else {}
        url = f"https://{self.address}:{self.port}{self.prefix}{path}"
        if self.signer:
            request = AWSRequest(method=method, url=url, data=body)
            self.signer.add_auth(request)
            headers = dict(request.headers.items())
        code, content, _ = ask(
            self.address, self.port, method, f"{self.prefix}{path}", body, headers, _LIMIT_S
        )
        if not code or code >= _FIRST_ERROR:
            raise Fault(f"{self.name}: {method} {path}: {f'status {code}' if code else 'no answer'}")
        return content


def parse(raw: Request) -> Order:
    """Read the operator's request.

    Raises:
        KeyError: it does not fit.
    """
    return Order(str(raw["user"]), Secret(str(raw["password"])), str(raw["project"]), int(raw["port"]))


def put(order: Order) -> Answer:
    """Both ways.

    Raises:
        Fault: one of them does not work.
    """
    began = time.monotonic()
    address = read_access().address
    token = scoped_token(address, order.user, order.password, order.project)
    if token is None:
        raise Fault(f"Keystone refuses the login of {order.user} in project {order.project}")
    swift = _Store("Swift", address, order.port, f"/swift/v1/AUTH_{token.project_id}", token.key)
    _round(swift)
    with _ec2(address, token.key, token.user_id, token.project_id) as credentials:
        signer = S3SigV4Auth(credentials, "s3", _REGION)
        _round(_Store("S3", address, order.port, "", signer=signer))
    return {"seconds": round(time.monotonic() - began, 1)}


def _round(store: _Store) -> None:
    """Names are new each time: two checks at once stay apart."""
    box, content = f"/piston-check-{secrets.token_hex(6)}", secrets.token_bytes(4096)
    store.send("PUT", box)
    try:
        store.send("PUT", f"{box}/object", content)
        try:
            if store.send("GET", f"{box}/object") != content:
                raise Fault(f"{store.name}: an object is another one than was put")
        finally:
            store.send("DELETE", f"{box}/object")
    finally:
        store.send("DELETE", box)


@contextmanager
def _ec2(address: str, key: str, user: str, project: str) -> Iterator[Credentials]:
    """A key pair for S3, which Keystone forgets afterwards."""
    path, headers = f"/v3/users/{user}/credentials/OS-EC2", {"X-Auth-Token": key}
    body = json.dumps({"tenant_id": project})
    code, text, _ = ask(address, layout.KEYSTONE_PORT, "POST", path, body, headers)
    if code != _CREATED:
        raise Fault(f"Keystone gives no key pair for S3: status {code}")
    pair: Mapping[str, Any] = json.loads(text)["credential"]
    try:
        yield Credentials(pair["access"], pair["secret"])
    finally:
        ask(address, layout.KEYSTONE_PORT, "DELETE", f"{path}/{pair['access']}", None, headers)


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    if arguments != ["put"]:
        print("usage: check_objects put", file=sys.stderr)
        return 2
    return converse(parse, put)


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
