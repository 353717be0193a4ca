"""Programs that a node document names: what the operator has done on a node, and how daemons come to start.

They know Ceph; the agent that runs them does not. They run on nodes, with Debian's libraries.
"""
