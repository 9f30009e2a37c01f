"""Need and its work items: receive, triage, make ready, close. One place decides the status."""
