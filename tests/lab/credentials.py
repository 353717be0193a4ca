"""Every credential of a deployed rack: what its stack file seals, what follows from it, what nodes made."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import BaseModel, SecretStr

from piston_iac.lab.power import running
from piston_iac.lab.settings import Lab
from piston_iac.plan.ceph.caps import MON
from piston_iac.plan.ceph.wanted import keys
from piston_iac.site.load import load_config
from piston_iac.site.schema import Site
from piston_iac.trust.authority import bootd_identity, node_authority, operator_identity, site_authority
from piston_iac.trust.cephx import cephx_key
from piston_iac.trust.derive import HoldsSecret, bmc_password, break_glass_password
from tests.lab.operator_shell import CHECKOUT, Rack
from tests.lab.secret_search import SHORTEST, Credential
from tests.lab.stack_file import WHOLE_CLOUD

PASSPHRASE_FILE = CHECKOUT / "stacks" / "lab.passphrase"
_CEPHX_SECRET_BYTES = 16
# The one of today and the one after it.
_GENERATIONS_AHEAD = 1


def site_of(rack: Rack, stack: Path = WHOLE_CLOUD) -> Site:
    """The site as the program reads it, its secrets open. `stack`: its file."""
    words = f"pulumi config --show-secrets --json --stack lab --config-file {stack}"
    config = json.loads(rack.must(words))
    # What was printed is not kept with the other output.
    rack.runs.pop()
    return load_config("lab", config)


def site_credentials(site: Site) -> list[Credential]:
    """Of the whole site: sealed in its stack file, or derived."""
    return [
        Credential("passphrase of the stack", PASSPHRASE_FILE.read_bytes().strip()),
        *(Credential(f"config {name}", value.encode()) for name, value in sealed(site, "")),
        *_bmc(site),
        *_tls(site),
        *_ceph(site),
    ]


def searchable(credentials: list[Credential]) -> tuple[list[Credential], set[str]]:
    """Those long enough to be looked for, and the names of the others."""
    short = {it.name for it in credentials if len(it.value) < SHORTEST}
    return [it for it in credentials if it.name not in short], short


def node_credentials(lab: Lab, nodes: tuple[str, ...]) -> list[Credential]:
    """What each node made for itself: the key of its certificate, and that which documents are sealed to."""
    found = []
    for node in nodes:
        directory = Path(f"/proc/{running(lab, node).init}/root/persist/piston/identity")
        found.append(Credential(f"TLS key of {node}", _raw((directory / "node.key").read_bytes())))
        found.append(Credential(f"seal key of {node}", (directory / "seal.key").read_bytes()))
    return found


def sealed(model: BaseModel, path: str) -> Iterator[tuple[str, str]]:
    """Path and text of every secret below a model."""
    for name in type(model).model_fields:
        yield from _sealed(getattr(model, name), f"{path}.{name}" if path else name)


def _sealed(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, SecretStr):
        yield path, value.get_secret_value()
    elif isinstance(value, BaseModel):
        yield from sealed(value, path)
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from _sealed(entry, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for number, entry in enumerate(value):
            yield from _sealed(entry, f"{path}.{number}")


def _bmc(site: Site) -> Iterator[Credential]:
    first = site.ipmi.generation
    for node in site.nodes:
        for generation in range(first, first + _GENERATIONS_AHEAD + 1):
            pair = (
                (bmc_password, f"password of BMC {node}"),
                (break_glass_password, f"break-glass of BMC {node}"),
            )
            for derive, name in pair:
                value = derive(site.seed, node, generation).get_secret_value()
                yield Credential(f"{name}, generation {generation}", value.encode())


def _tls(site: Site) -> Iterator[Credential]:
    seed, name = site.seed, site.name
    identities: dict[str, HoldsSecret] = {
        "site CA": site_authority(seed, name).key_pem(),
        "node CA": node_authority(seed, name).key_pem(),
        "operator": operator_identity(seed, name).key_pem,
        "bootd": bootd_identity(seed, name, str(site.boot_node.address)).key_pem,
    }
    for who, pem in identities.items():
        yield Credential(f"TLS key of {who}", _raw(pem.get_secret_value().encode()))


def _ceph(site: Site) -> Iterator[Credential]:
    texts = {**keys(site), MON: cephx_key(site.seed, MON).get_secret_value()}
    for entity, text in texts.items():
        # A keyring's text begins alike for all; the secret itself is at its end.
        yield Credential(f"cephx key of {entity}", base64.b64decode(text)[-_CEPHX_SECRET_BYTES:])


def _raw(pem: bytes) -> bytes:
    """The bytes of a key, as they are in PEM, DER and memory alike."""
    key = load_pem_private_key(pem, None)
    assert isinstance(key, Ed25519PrivateKey)
    return key.private_bytes_raw()
