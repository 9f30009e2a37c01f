"""Which of a tablet's ops are in a backup (source: sync.md §4). The contract with whoever keeps a queue:

- Every answer of POST /api/v1/sync/ops carries `generation` and `backed_up_seq`. All ops of this device and epoch with
  `seq` ≤ `backed_up_seq` lie in a backup outside of the laptop (BACKUP_TO), gapless; they may be forgotten. Without a
  second folder it stays 0: then the tablets are the second copy.
- When `generation` differs from the last one heard, the server was restored: send every op above the `backed_up_seq`
  of that answer again. What the server still has is answered `replayed`.
- A device the restored server does not know (401) is registered again; its ops keep their op ids, get new numbers from
  1, and everything not backed up is sent again. A receipt follows its op to the new device and number.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable

from dvc.accounts.models import Device
from dvc.sync.models import Receipt

Marks = dict[uuid.UUID, dict[str, int]]  # device → epoch → seq


def mark_of(device: Device, epoch: int) -> int:
    """Up to which number all ops of this device lie in a backup elsewhere. No query: it stands on the device's row."""
    return int(device.backed_up.get(str(epoch), 0))


def before_backup() -> Callable[[], None]:
    """Look at what is committed now, before the copy of the database begins: the backup will hold at least that. The
    returned function promises it to the tablets, in the caller's transaction, once the copy lies elsewhere."""
    marks = _marks()
    return lambda: _promise(marks)


def _marks() -> Marks:
    """One query and one more for each device and epoch that ever sent something."""
    known = dict(Device.objects.values_list("pk", "backed_up"))
    marks: Marks = {}
    for device, epoch in Receipt.objects.order_by().values_list("device_id", "epoch").distinct():
        mark = known.get(device, {}).get(str(epoch), 0)  # a device of this very moment is not known yet
        newer = Receipt.objects.filter(device=device, epoch=epoch, seq__gt=mark).order_by("seq")
        marks.setdefault(device, {})[str(epoch)] = gapless(
            mark, newer.values_list("seq", flat=True).iterator()
        )
    return marks


def gapless(mark: int, seqs: Iterable[int]) -> int:
    """The last of `seqs` (ascending, above `mark`) before the first number that is missing."""
    for seq in seqs:
        if seq != mark + 1:
            break
        mark = seq
    return mark


def _promise(marks: Marks) -> None:
    for device, by_epoch in marks.items():
        Device.objects.filter(pk=device).exclude(backed_up=by_epoch).update(backed_up=by_epoch)
