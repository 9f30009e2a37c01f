"""The pages anyone may open: what we recruit, pre-registration. No personal data is shown."""
