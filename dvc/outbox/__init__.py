"""Background work as rows: written with the change, claimed with a lease, swept when lost."""
