"""Rows to Problem, the runs (Celery), the proposals, accept, adjust and reject."""
