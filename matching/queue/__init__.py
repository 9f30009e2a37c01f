"""What waits, in what order and why; holds of the coordinator. Mostly named queries."""
