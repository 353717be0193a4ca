"""Every secret of a site: what its stack file holds, and what follows from its seed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import BaseModel, SecretStr

from piston_iac.plan.ceph.caps import MON
from piston_iac.plan.ceph.wanted import keys
from piston_iac.site.schema import Site
from piston_iac.trust.authority import bootd_identity, node_authority, operator_identity, site_authority
from piston_iac.trust.cephx import cephx_key
from piston_iac.trust.derive import bmc_password, break_glass_password

# While passwords are rotated the last generation may still be live.
_GENERATIONS = 2
# A private key's own lines say the same as the whole of it.
_PEM_FRAME = "-----"
_OPENERS = ("encryptionsalt", "encryptedkey")
_SEALED = "secure"


@dataclass(frozen=True)
class SecretValue:
    """One secret. `what` names it and may be shown; `value` may not."""

    what: str
    value: str

    def __repr__(self) -> str:
        return f"SecretValue({self.what!r})"


def secrets_of(site: Site) -> list[SecretValue]:
    """All of them: settings, passwords of BMCs, keys of Ceph, private keys."""
    found = [SecretValue(path, value) for path, value in _settings(site, "")]
    for node in site.nodes:
        newest = site.ipmi.generation
        for generation in range(max(1, newest - _GENERATIONS + 1), newest + 1):
            own = bmc_password(site.seed, node, generation)
            spare = break_glass_password(site.seed, node, generation)
            found.append(SecretValue(f"BMC password of {node}", own.get_secret_value()))
            found.append(SecretValue(f"break-glass password of {node}", spare.get_secret_value()))
    found += [SecretValue(f"Ceph key of {name}", key) for name, key in keys(site).items()]
    found.append(SecretValue(f"Ceph key of {MON}", cephx_key(site.seed, MON).get_secret_value()))
    found += [
        SecretValue(f"private key of the {who}", line) for who, pem in _keys(site) for line in _lines_of(pem)
    ]
    return found


def sealed_values(stack_file: str) -> list[SecretValue]:
    """What a stack file holds encrypted: whoever guesses the passphrase could open it."""
    data = yaml.safe_load(stack_file)
    values = [str(data[key]) for key in _OPENERS if key in data]
    return [SecretValue("a sealed value of the stack file", it) for it in [*values, *_sealed_in(data)]]


def _sealed_in(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if isinstance(sealed := value.get(_SEALED), str):
            yield sealed
        for child in value.values():
            yield from _sealed_in(child)
    elif isinstance(value, list):
        for child in value:
            yield from _sealed_in(child)


def _settings(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every SecretStr that can be reached from a model."""
    if isinstance(value, SecretStr):
        yield path, value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _settings(getattr(value, name), f"{path}.{name}" if path else name)
    elif isinstance(value, Mapping):
        for key, child in value.items():
            yield from _settings(child, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for index, child in enumerate(value):
            yield from _settings(child, f"{path}[{index}]")


def _keys(site: Site) -> Iterator[tuple[str, str]]:
    seed, name = site.seed, site.name
    yield "site CA", site_authority(seed, name).key_pem().get_secret_value()
    yield "node CA", node_authority(seed, name).key_pem().get_secret_value()
    yield "operator", operator_identity(seed, name).key_pem.get_secret_value()
    yield "boot node", bootd_identity(seed, name, str(site.boot_node.address)).key_pem.get_secret_value()


def _lines_of(pem: str) -> list[str]:
    return [line for line in pem.splitlines() if line and not line.startswith(_PEM_FRAME)]
