"""Append-only entries: who did what, and who looked at whom. No rules, no screens."""
