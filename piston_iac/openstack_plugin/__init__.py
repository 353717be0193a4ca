"""A stand-in for the official openstack plugin of Pulumi, for places where that cannot be had.

It serves the types that `tenants/` uses, by their official tokens and property names, and says openly
that it is one. Programs are written for the official SDK (pulumi-openstack) and run with either.
"""
