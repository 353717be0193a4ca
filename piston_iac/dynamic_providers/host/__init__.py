"""Our plugin host for `pulumi.dynamic` resources. It replaces the one that comes with Pulumi."""
