"""The node agent: applies one node's document and reports what is so. Runs on each node.

Each subject (mirror, network, system) has three modules: what is seen, what follows from it (pure), and
how it is done. `converge` goes through the subjects in order; `agent` decides when.
"""
