"""What must a good site fulfil? Pure rules over small plain values.

`policies/` hands them the engine's resources, `piston check --all` a site read from its stack file.
"""
