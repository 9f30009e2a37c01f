"""Real parts for the tests: a throw-away PostgreSQL, a broker, workers, and the whole center."""
