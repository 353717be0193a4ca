"""How the engine sees the rack: one module a resource, all of them on one pattern (`converging`)."""
