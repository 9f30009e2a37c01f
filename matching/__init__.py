"""Who goes where: the queue, the solver, proposals, teams, equipment, dispatch.

Builds on intake and on the kernel; only the read-everything entry points of dvc may import it.
What comes in through the door, by phone or from the web is not here: see intake.
"""
