"""How a tablet becomes a device, what it reports of itself and what it holds. Who works at it: intake.operators."""
