"""The virtual machine that the cloud checks itself with: a kernel, one program with all tools, a web server.

It is made of Debian's packages, and lies in the micro-OS, from where it goes into Glance.
"""
