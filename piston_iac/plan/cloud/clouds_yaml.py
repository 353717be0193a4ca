"""What OpenStack's own clients need to know of a site's cloud: clouds.yaml and an authority. Pure.

Source: openstacksdk, "Configuring OpenStack SDK Applications". `cacert` is a file there: it takes no text.
"""

from __future__ import annotations

import yaml

from piston_iac import cloud_layout as layout
from piston_iac.plan.cloud import settings
from piston_iac.plan.cloud.api_call import ADMIN_PROJECT
from piston_iac.plan.cloud.api_service import DOMAIN
from piston_iac.plan.cloud.hosts import declared, virtual_address
from piston_iac.site.schema import Site
from piston_iac.trust import service_authority

CLOUDS_YAML, CA_FILE = "clouds.yaml", "cloud-ca.pem"
"""Names of the two files. Clients find the first one here, or where OS_CLIENT_CONFIG_FILE says."""
HEAD = "# Made by piston of the site's stack file. It holds the administrator's password.\n"


def clouds_yaml(site: Site, ca_file: str = CA_FILE) -> str:
    """The file's text, with one cloud, under the site's name. Secret. `ca_file`: where the authority is."""
    auth = {
        "auth_url": settings.url(site, layout.KEYSTONE_PORT, "/v3"),
        "username": site.dashboard.user,
        "password": site.dashboard.password.get_secret_value(),
        "project_name": ADMIN_PROJECT,
        "user_domain_name": DOMAIN,
        "project_domain_name": DOMAIN,
    }
    cloud = {
        "auth": auth,
        "region_name": declared(site).region,
        "interface": "public",
        "identity_api_version": "3",
        "cacert": ca_file,
    }
    return HEAD + yaml.safe_dump({"clouds": {site.name: cloud}}, sort_keys=False, allow_unicode=True)


def cloud_ca(site: Site) -> str:
    """The authority of the APIs' and the dashboard's certificates, PEM. No secret."""
    return service_authority.authority(site.seed, site.name, service_authority.Kind.WEB)


def dashboard_url(site: Site) -> str:
    """Where the dashboard is: at the port that browsers take when none is named."""
    return f"https://{virtual_address(site)}/"
