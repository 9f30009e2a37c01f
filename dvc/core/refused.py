"""The one way a rule says no."""

from __future__ import annotations

from dvc.core.refusals import REFUSALS


class Refused(Exception):
    """A decision the rules do not allow, with a sentence for the person who asked.

    `code` must be a key of `dvc.core.refusals.REFUSALS` (checked here, so that a typing mistake
    shows in the first test and not on a tablet). `params` fill the sentence's `{placeholders}`.
    """

    def __init__(self, code: str, **params: object) -> None:
        self.code = code
        self.params = params
        self.text = REFUSALS[code].format(**params)
        super().__init__(f"{code}: {self.text}")
