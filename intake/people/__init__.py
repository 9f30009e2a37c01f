"""Household, Person, Town: one register of residents and where they live."""
