"""Every secret of the services, and where each may lie because it is needed there. All else is a leak."""

from __future__ import annotations

from piston_iac.lab.settings import Lab
from piston_iac.site.schema import Site
from piston_iac.trust.derive import fernet_key, service_password
from tests.lab.cloud import HOSTS
from tests.lab.known_places import MACHINES, Known
from tests.lab.secret_places import in_journal, in_root
from tests.lab.secret_search import Credential, Hit, Search

_SERVICES = ("keystone", "glance", "placement")
_CLOUD = ("neutron", "nova", "cinder")
_MORE = ("account/rgw", "nova/metadata", "horizon/sessions")
_HOST = r"(?P<host>n[123])"
_NAMES = "|".join(_SERVICES)

KNOWN = (
    Known(
        MACHINES,
        rf"{_HOST}:/etc/(?P<service>{_NAMES})/[\w-]+\.conf",
        r"(database|account)/(?P=service)",
        "a service logs in at its database and at Keystone; in memory, 0600, its own user's",
    ),
    Known(
        MACHINES,
        rf"{_HOST}:/etc/keystone/(?P<kind>fernet|credential)-keys/\d",
        r"(?P=kind) keys of Keystone, \d",
        "Keystone signs tokens and seals credentials with them; in memory, 0600, its own user's",
    ),
    Known(
        MACHINES,
        rf"{_HOST}:/etc/rabbitmq/rabbitmq\.conf",
        r"rabbitmq/openstack",
        "the message bus makes its user with it; in memory, 0600, its own user's",
    ),
    Known(
        MACHINES,
        rf"{_HOST}:/(etc/piston/rabbitmq\.cookie|var/lib/rabbitmq/\.erlang\.cookie)",
        r"rabbitmq/cookie",
        "members of the message bus know each other by it; in memory, 0400 and 0600, its own user's",
    ),
    Known(
        MACHINES,
        rf"{_HOST}:/etc/(?P<service>{'|'.join(_CLOUD)})/(?P=service)\.conf",
        r"(database|account)/(?P=service)|rabbitmq/openstack",
        "the same of the cloud's services, which also log in at the message bus; in memory, 0600",
    ),
    Known(
        MACHINES,
        r"n\d:/etc/nova/compute\.conf",
        r"account/nova|rabbitmq/openstack",
        "nova-compute asks the other services and the conductors; in memory, 0600, root's",
    ),
    Known(
        MACHINES,
        r"n\d:/etc/(nova/nova|neutron/metadata-agent)\.conf",
        r"nova/metadata",
        "the metadata service knows by it that a question comes from a node's agent; in memory, 0600",
    ),
    Known(
        MACHINES,
        rf"{_HOST}:/etc/ceph/rgw\.conf",
        r"account/rgw",
        "the object gateway asks Keystone who is calling; in memory, 0600, its own user's",
    ),
    Known(
        MACHINES,
        rf"{_HOST}:/etc/openstack-dashboard/local_settings\.py",
        r"horizon/sessions",
        "the dashboard signs its sessions with it; in memory, 0600, its own user's",
    ),
    Known(
        MACHINES,
        rf"{_HOST}:/etc/piston/evacuator\.json",
        r"account/nova",
        "who starts machines of a dead node elsewhere asks Nova; in memory, 0600, Nova's user's",
    ),
)


def credentials(site: Site) -> list[Credential]:
    """Of the services that the site has, as they are in files and on the wire."""
    services = (*_SERVICES, *(_CLOUD if site.cloud else ()))
    purposes = [f"{kind}/{name}" for name in services for kind in ("database", "account")]
    purposes += _MORE if site.cloud else ()
    purposes += ["rabbitmq/openstack", "rabbitmq/cookie"]
    purposes.remove("account/keystone")
    found = [
        Credential(purpose, service_password(site.seed, purpose).get_secret_value().encode())
        for purpose in purposes
    ]
    for kind in ("fernet", "credential"):
        for generation in (1, 2):
            key = fernet_key(site.seed, f"keystone/{kind}-keys", generation)
            found.append(
                Credential(f"{kind} keys of Keystone, {generation}", key.get_secret_value().encode())
            )
    return found


def in_nodes(search: Search, lab: Lab) -> set[Hit]:
    """Files and journals of the control hosts, of another node and of the boot node."""
    hits: set[Hit] = set()
    for machine in (*HOSTS, "n4", "boot"):
        hits |= in_root(search, lab, machine, whole=False) | in_journal(search, lab, machine)
    return hits


def leaks(hits: set[Hit]) -> list[Hit]:
    """The hits that nothing here explains."""
    return sorted(hit for hit in hits if not any(known.covers(hit) for known in KNOWN))


def not_found(hits: set[Hit], wanted: list[Credential]) -> set[str]:
    """Secrets that were found nowhere: the search does not reach them, or they are not in use."""
    return {it.name for it in wanted} - {hit.credential for hit in hits}
