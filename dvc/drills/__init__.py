"""Scenarios, the clock and scripted people who act through the real services."""
