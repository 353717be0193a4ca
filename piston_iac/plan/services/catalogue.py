"""Every OpenStack service, in the order in which they are deployed."""

from __future__ import annotations

from piston_iac.plan.services import glance, keystone, placement

API_SERVICES = (keystone.SERVICE, glance.SERVICE, placement.SERVICE)
