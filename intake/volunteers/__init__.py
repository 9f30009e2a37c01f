"""Volunteer, group, insurance, consent and the QR cards that outlive every operation."""
