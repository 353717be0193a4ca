"""Keys, certificates and passwords: all of them follow from the site's one seed, or from a node.

Runs on the operator's side, on the boot node and on nodes: standard library and cryptography only.
"""
