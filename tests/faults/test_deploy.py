"""An upgrade killed in the middle: the database is of the old release or of the new one, or of a whole step between the
two, and starting again brings it to the end."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.faults.ledger import Ledger, Row
from tests.infra.scale import FULL, count
from tests.infra.shell import Shell
from tests.infra.template import migrated_postgres, migrated_sqlite

KILLS = count(3, 50)
# Two releases of every app in one go with FULL=1; going back costs more than what is tried.
SINCE = [["people", "0001_squashed_0005_fill_search_keys"]]
FAR = [
    ["dispatch", "0001_squashed_0004_several_visits_of_a_team"],
    ["equipment", "0001_squashed_0003_vehicles_papers"],
    ["help_requests", "0001_squashed_0008_lookalikes"],
    ["proposals", "0001_squashed_0011_what_helps"],
    ["sync", "0001_squashed_0013_tool_desk"],
    ["teams", "0001_squashed_0005_cars_are_rides"],
]


def test_an_upgrade_that_is_killed_midway_leaves_a_whole_database_and_goes_on_at_the_next_start(
    tmp_path: Path, ledger: Ledger
) -> None:
    variables = {
        **os.environ,
        "DATA": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "dvc.settings",
        "LOG_LEVEL": "ERROR",
    }
    if server := os.environ.get("DATABASE_URL", ""):
        variables["DATABASE_URL"] = migrated_postgres(server)
    else:
        shutil.copy(migrated_sqlite(), tmp_path)
    shell = Shell(variables, tmp_path / "shell.log")
    try:
        since = SINCE + FAR if FULL else SINCE
        said = shell.run(
            "import json; from tests.faults import deploying; "
            f"print(json.dumps(deploying.report({since!r}, {KILLS}, seed=7)))"
        )
    finally:
        shell.close()
    control = f"no transactions: torn at try {said['controls']}, red"
    what = f"deploy killed midway ({said['steps']} steps)"
    ledger.note(Row(what, said["kills"], len(said["torn"]), 0, control=control))
    assert said["needs"] == 5
    assert (said["torn"], said["gone"]) == ([], [])
