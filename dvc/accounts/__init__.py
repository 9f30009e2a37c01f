"""Users, roles in one table, devices, the policy table and access.py (the only way to fetch an object)."""
