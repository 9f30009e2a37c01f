"""The laptop dies and another one goes on from the stick; an old release's shelf is opened by this one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, expect

from tests.e2e.conftest import CENTER, TABLET, Visitor, manage
from tests.e2e.reception import Desk, Tablet, fresh_link, set_up, visits
from tests.infra.center import BASE, RunningCenter, center, until
from tests.infra.processes import alive, family
from tests.infra.template import new_database

BACK_UP = """
import json
from datetime import timedelta
from django.utils import timezone
from dvc.backups import services
from dvc.backups.models import Backup
asked = services.request_due(at=timezone.now() + timedelta(minutes=11))
print(json.dumps(asked.pk if asked else Backup.objects.first().pk))
"""
NEWEST = "import json\nfrom dvc.backups.models import Backup\nprint(json.dumps([[b.pk, b.elsewhere] for b in Backup.objects.all()]))"
NEW_DEVICE = """
import json
from django.utils import timezone
from dvc.accounts import services
from dvc.accounts.models import DeviceProfile, User
from dvc.audit.services import By
from dvc.operations.models import Operation
center = Operation.objects.get(pk={operation}).center
by = By(user=User.objects.filter(memberships__center=center).first())
device, secret = services.register_device(center, name="受付1番", profile=DeviceProfile.RECEPTION, by=by, at=timezone.now())
print(json.dumps([str(device.pk), secret]))
"""
# Lays a shelf exactly as an older release left it.
LAY = """
({ version, stores }) => new Promise((resolve, reject) => {
  const asked = indexedDB.open("dvc-reception", version);
  asked.onupgradeneeded = () => {
    for (const [name, { keyPath, indexes, rows }] of Object.entries(stores)) {
      const store = asked.result.createObjectStore(name, keyPath === null ? {} : { keyPath });
      for (const index of indexes) store.createIndex(index.name, index.keyPath, { unique: index.unique });
      for (const { key, value } of rows) store.put(value, keyPath === null ? key : undefined);
    }
  };
  asked.onsuccess = () => { asked.result.close(); resolve(true); };
  asked.onerror = () => reject(asked.error);
})
"""


def restored_elsewhere(dead: RunningCenter, stick: Path, folder: Path) -> RunningCenter:
    """Another laptop under the same address, filled from the newest file on the stick with the sheet's letters."""
    variables = dict(dead.variables)
    if "DATABASE_URL" in variables:
        variables["DATABASE_URL"] = new_database(variables["DATABASE_URL"])
    other = RunningCenter(folder / "data", dead.port, folder / "up.log", variables)
    sheet = (dead.data / "keys" / "backup-recovery.key").read_text()
    newest = max(stick.glob("*.backup"))
    subprocess.run(
        [sys.executable, "manage.py", "restore", str(newest), "--key", sheet.lower().replace("-", " ")],
        cwd=BASE, env={**other.environment(), "SECRET_KEY": "x" * 50}, check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    return other


def is_on_the_stick(running: RunningCenter, number: int) -> bool:
    """Whether this backup, and every other that was asked for, lies there."""
    asked = dict(manage(running, NEWEST))
    return number in asked and all(asked.values())


def test_the_server_dies_is_restored_from_the_stick_and_no_record_of_any_tablet_is_missing(
    tmp_path: Path, launch: Callable[..., Browser]
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    (tmp_path / "other").mkdir()
    with center(tmp_path, **CENTER, BACKUP_TO=str(stick)) as running:
        desk = set_up(running, ["佐藤", "鈴木", "髙橋", "𠮷田"])
        first = Tablet(launch(), running, desk)
        first.read(desk.holders[0].token)
        first.expect_verdict("ok", "佐藤")
        first.expect_state("settled")
        number = manage(running, BACK_UP)
        # All of them: on a slow machine the center's own first one is still being written, and would know more.
        until(lambda: is_on_the_stick(running, number), what="no backup on the stick")

        # What the backup does not know: an acknowledged record, a whole tablet, and one that was never sent.
        first.read(desk.holders[1].token)
        first.expect_state("settled")
        desk_again = type(desk)(desk.operation, fresh_link(running, desk), desk.holders, desk.blank)
        second = Tablet(launch(), running, desk_again)
        second.read(desk.holders[2].token)
        second.expect_state("settled")
        everyone = family(running.process.pid)
        os.kill(running.process.pid, signal.SIGKILL)
        running.process.wait(30)
        # Its children go with it, but a web server finishes what it has begun.
        until(lambda: not [pid for pid in everyone if alive(pid)], what="a part of the dead server is left")
        first.read(desk.holders[3].token)
        first.expect_verdict("ok", "𠮷田")
        first.expect_unsent(1)

        other = restored_elsewhere(running, stick, tmp_path / "other")
        # The control: the backup alone has lost three of the four.
        assert [visit["family"] for visit in visits(other, desk)] == ["佐藤"]
        other.start()
        try:
            other.wait_until_ready()
            first.page.get_by_role("button", name="送信").click()
            first.expect_unsent(0)
            second.page.get_by_role("button", name="送信").click()
            expect(second.page.get_by_text("サーバーがこの端末の記録を受け取りません")).to_be_visible()
            second.visitor.picture("restore-unknown-tablet")
            second.visitor.sign_in(fresh_link(other, desk))
            second.page.goto(second.path)
            second.page.get_by_role("button", name="送信").click()
            second.page.get_by_role("button", name="この端末を登録し直す").click()
            second.page.get_by_role("button", name="この端末を受付用に登録する").click()
            second.expect_unsent(0)
            until(lambda: len(visits(other, desk)) == 4, what=str(visits(other, desk)))
            assert sorted(visit["family"] for visit in visits(other, desk)) == sorted(
                holder.family for holder in desk.holders
            )
            assert first.visitor.errors == second.visitor.errors == []
        finally:
            other.shell.close()
            other.stop()


def old_shelf(desk: Desk, device: list[str]) -> dict[str, Any]:
    """The dump of version 1 with this center's device, operation and cards in it."""
    dump: dict[str, Any] = json.loads((BASE / "frontend/test/fixtures/shelf-1.json").read_text())
    owner = dump["stores"]["device"]["rows"][0]["value"]
    owner["device_id"], owner["secret"] = device
    for row, holder in zip(
        [row for row in dump["stores"]["ops"]["rows"] if row["value"]["queued"]], desk.holders, strict=True
    ):
        op = row["value"]["op"]
        op |= {
            "operation": desk.operation,
            "actor": None,
            "kind": "visit.arrive",
            "payload": {"card": holder.token},
        }
    dump["stores"]["snapshot"]["rows"] = []
    return dump


def test_an_update_opens_the_old_shelf_and_sends_its_queue(
    running: RunningCenter, launch: Callable[..., Browser]
) -> None:
    """sync.md §8, 9: upgrade deletes the queue."""
    desk = set_up(running, ["佐藤", "鈴木", "髙橋"])
    device = manage(running, NEW_DEVICE.format(operation=desk.operation))
    visitor = Visitor(launch(), running, TABLET)
    visitor.sign_in(desk.link)
    visitor.page.goto("/reach/")
    assert visitor.page.evaluate(LAY, old_shelf(desk, device))
    assert visits(running, desk) == []
    visitor.page.goto(f"/o/{desk.operation}/tablet/")
    expect(visitor.page.locator("body")).to_have_attribute("data-ready", "yes")
    expect(visitor.page.locator("[data-unsent-count]")).to_have_text("0")
    until(lambda: len(visits(running, desk)) == 3, what="the old queue did not come")
    assert sorted(visit["family"] for visit in visits(running, desk)) == ["佐藤", "鈴木", "髙橋"]
    assert visitor.errors == []


def test_a_tablet_that_reaches_no_server_hands_over_a_file(
    running: RunningCenter, launch: Callable[..., Browser], tmp_path: Path
) -> None:
    desk = set_up(running, ["千葉", "菅原"])
    tablet = Tablet(launch(), running, desk)
    tablet.visitor.context.set_offline(True)
    for holder in desk.holders:
        tablet.read(holder.token)
        tablet.expect_verdict("ok", holder.family)
    page = tablet.page
    page.get_by_text("サーバーにつながらないとき").click()
    with page.expect_download() as carried:
        page.get_by_role("button", name="記録をファイルに書き出す").click()
    file = tmp_path / "dvc.json"
    carried.value.save_as(file)
    expect(page.get_by_text("2件をファイルに書き出しました")).to_be_visible()
    tablet.visitor.picture("queue-file-tablet")
    assert desk.holders[0].token not in file.read_text()
    tablet.expect_unsent(2)

    chief = Visitor(launch(), running, TABLET)
    chief.sign_in(fresh_link(running, desk))
    chief.page.goto(f"/o/{desk.operation}/settings/queue-file/")
    chief.page.get_by_label("端末から書き出したファイル").set_input_files(file)
    chief.page.get_by_role("button", name="取り込む", exact=True).click()
    expect(chief.page.get_by_text("新しく入れたもの 2件")).to_be_visible()
    chief.picture("queue-file-taken")
    assert sorted(visit["family"] for visit in visits(running, desk)) == ["千葉", "菅原"]

    chief.page.goto(f"/o/{desk.operation}/settings/backups/")
    chief.picture("backup-page")
    chief.page.get_by_role("button", name="復旧シートを表示する").click()
    expect(chief.page.get_by_text("復旧シートの番号")).to_be_visible()
    chief.picture("backup-sheet")
    chief.page.goto(f"/o/{desk.operation}/")
    chief.picture("home-backup")

    tablet.visitor.context.set_offline(False)
    page.get_by_role("button", name="送信").click()
    tablet.expect_unsent(0)
    assert len(visits(running, desk)) == 2
    assert tablet.visitor.errors == chief.errors == []
