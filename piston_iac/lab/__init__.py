"""The virtual rack: switches, BMCs, nodes and cables on one machine, speaking real protocols only.

Nothing in the product imports this package; only `cli.lab` does. It imports no driver either: the
rack is the other side of every protocol.
"""
