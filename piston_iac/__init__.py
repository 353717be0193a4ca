"""piston-iac: bare servers in, private cloud out."""

__version__ = "0.1.0"
