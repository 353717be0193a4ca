"""piston-bootd: what the boot node serves to nodes and to the operator, with dnsmasq and chrony.

Runs from the micro-OS image on the standard library, aiohttp and cryptography. `cloudkey` is
the operator's side of it and needs the site models.
"""
