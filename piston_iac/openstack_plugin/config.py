"""What a provider instance is told: where the cloud is, and who it is there. Names are the official ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_TEXTS = {
    "userName": "username",
    "userId": "user_id",
    "password": "password",
    "tenantName": "project_name",
    "tenantId": "project_id",
    "domainName": "domain_name",
    "domainId": "domain_id",
    "userDomainName": "user_domain_name",
    "userDomainId": "user_domain_id",
    "projectDomainName": "project_domain_name",
    "projectDomainId": "project_domain_id",
    "authUrl": "auth_url",
    "applicationCredentialId": "application_credential_id",
    "applicationCredentialName": "application_credential_name",
    "applicationCredentialSecret": "application_credential_secret",
}
"""Settings that go into the login, and what openstacksdk calls them."""

_OTHERS = ("cloud", "region", "cacertFile", "insecure", "endpointType")
# True of every login here; said again by programs that set it.
_WITHOUT_EFFECT = ("allowReauth", "delayedAuth", "version", "pluginDownloadURL")
_SECRETS = ("password", "applicationCredentialSecret")


@dataclass(frozen=True)
class ProviderConfig:
    """One way into the cloud.

    Args:
        auth: the login, as openstacksdk names its parts; it holds the password.
        cloud: the entry of a clouds.yaml to use instead; empty: none.
        region: its name; empty: the only one.
        cacert: path or text of the certificate authority; empty: this machine's own.
        insecure: take any certificate.
        interface: which endpoints of the catalogue: public, internal, admin.
    """

    auth: Mapping[str, str] = field(repr=False)
    cloud: str = ""
    region: str = ""
    cacert: str = ""
    insecure: bool = False
    interface: str = "public"

    @property
    def place(self) -> str:
        """What errors call the cloud."""
        return self.auth.get("auth_url") or f"cloud {self.cloud}"


def faults(values: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with the settings: setting to reason. Pure."""
    known = (*_TEXTS, *_OTHERS, *_WITHOUT_EFFECT)
    found = {
        key: f"piston's stand-in for the openstack plugin does not know it; it knows {', '.join(known)}"
        for key in values
        if key not in known and not key.startswith("__")
    }
    if "authUrl" not in values and "cloud" not in values:
        found["authUrl"] = "is missing: the Keystone of the cloud, https://…:5000/v3"
    return found


def parse(values: Mapping[str, Any]) -> ProviderConfig:
    """Read the settings that `faults` found nothing wrong with. Pure.

    Settings that are no texts arrive as JSON in a text.
    """
    auth = {name: str(values[key]) for key, name in _TEXTS.items() if values.get(key)}
    return ProviderConfig(
        auth=auth,
        cloud=str(values.get("cloud", "")),
        region=str(values.get("region", "")),
        cacert=str(values.get("cacertFile", "")),
        insecure=bool(_plain(values.get("insecure", False))),
        interface=str(values.get("endpointType", "public")).removesuffix("URL"),
    )


def secrets(values: Mapping[str, Any]) -> set[str]:
    """Texts that must never be shown, whether the program marked them or not."""
    return {str(values[key]) for key in _SECRETS if values.get(key)}


def _plain(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value else value
