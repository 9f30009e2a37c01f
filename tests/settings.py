"""The production settings on a throw-away DATA folder.

Only the environment is prepared here: what is tested is what runs. `DATABASE_URL` chooses the
database (`python -m tests.infra.run --db postgres -- pytest …` starts one).
"""

import atexit
import os
import shutil
import tempfile

if "DVC_TEST_DATA" not in os.environ:
    # Set for the workers of pytest-xdist too, which share the folder; its maker removes it.
    os.environ["DVC_TEST_DATA"] = tempfile.mkdtemp(prefix="dvc-test-")
    atexit.register(shutil.rmtree, os.environ["DVC_TEST_DATA"], ignore_errors=True)
# Each process of pytest-xdist has a place, and so a broker, of its own.
os.environ["DATA"] = os.path.join(os.environ["DVC_TEST_DATA"], os.environ.get("PYTEST_XDIST_WORKER", ""))

# One process runs the tests, whatever the database: its throttle counters are in its memory.
os.environ.setdefault("WEB_WORKERS", "1")

from dvc.settings import *  # noqa: F403
