"""One piece of work, as it is typed. What is left empty becomes the usual for its kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from django import forms
from django.utils.functional import cached_property

from dvc.core.fields import ClockField
from dvc.operations.models import Mode, Operation
from intake.help_requests.answers import (
    KITS,
    ORDINARY_CATEGORIES,
)
from intake.help_requests.fields import BAD_CHOICE, CountField, TextField, choices_of
from intake.help_requests.models import Hazard, Tool, WorkItem
from intake.help_requests.services import ItemAnswers
from intake.volunteers.models import Skill, WorkCategory

ITEMS_ON_THE_SHEET: Final = 3
YES_NO: Final = [("", "目安のまま"), ("yes", "はい"), ("no", "いいえ")]


class ItemForm(forms.Form):
    """One piece of work. What is left empty becomes the usual for its category (`answers.KITS`)."""

    category = forms.ChoiceField(
        label="何をするか", required=False, error_messages={"invalid_choice": BAD_CHOICE}
    )
    detail = TextField(label="量・場所", max_length=120, help_text="例：6畳2間、たんす3つ")
    people_min = CountField(label="最少の人数", low=1)
    people_ideal = CountField(label="ほしい人数", low=1)
    people_max = CountField(label="多くても", low=1)
    minutes = CountField(label="作業の時間（分）", low=10, high=600)
    needs_truck = forms.ChoiceField(
        label="軽トラックが要る",
        choices=YES_NO,
        required=False,
        error_messages={"invalid_choice": BAD_CHOICE},
    )
    minors_ok = forms.ChoiceField(
        label="高校生など未成年も可",
        choices=YES_NO,
        required=False,
        error_messages={"invalid_choice": BAD_CHOICE},
    )
    stamina_min = forms.TypedChoiceField(
        label="体力",
        choices=[("", "目安のまま"), (1, "軽い作業"), (2, "ふつう"), (3, "力仕事")],
        coerce=int,
        empty_value=None,
        required=False,
        error_messages={"invalid_choice": BAD_CHOICE},
    )
    women_min = CountField(label="女性が何人以上")
    women_only = forms.BooleanField(label="女性だけで来てほしい", required=False)
    language = TextField(label="話せるとよい言葉", max_length=10, help_text="例：英語、手話")
    visits = CountField(label="何回伺うか", low=1, help_text="1日で終わらないときの目安")
    open_from = ClockField(label="この作業だけの時刻（から）", required=False, step=900)
    open_until = ClockField(label="この作業だけの時刻（まで）", required=False, step=900)
    hazards = choices_of(
        Hazard.choices,
        "この作業で危ないもの",
        help_text="漏電・ガス・石綿・赤黄の判定・高所・薬品は、確認が済むまで、この作業だけを止めます。",
    )
    estimate_reason = TextField(
        label="そう見立てた理由", max_length=200, help_text="人数に正解はありません。理由を残します。"
    )

    def __init__(
        self,
        data: Any = None,
        *,
        operation: Operation,
        prefix: str,
        item: WorkItem | None = None,
        initial: dict[str, Any] | None = None,
    ) -> None:
        values = _item_values(item) if item else {"people_min": None, **(initial or {})}
        super().__init__(data, prefix=prefix, initial=values)
        self.from_scratch = item is None
        ordinary = operation.mode == Mode.ORDINARY
        categories = ORDINARY_CATEGORIES if ordinary else tuple(WorkCategory)
        category = cast(forms.ChoiceField, self.fields["category"])
        category.choices = [("", "選んでください"), *((c.value, c.label) for c in categories)]
        if item and item.category not in categories:
            category.choices = [*category.choices, (item.category, WorkCategory(item.category).label)]
        for kind, prefix_ in ((Skill, "skill"), (Tool, "tool")):
            for code, label in kind.choices:
                self.fields[f"{prefix_}_{code}"] = CountField(label=label)

    @property
    def skill_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith("skill_")]

    @property
    def tool_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith("tool_")]

    @cached_property
    def is_blank(self) -> bool:
        """Nothing was filled in: this part of the sheet does not count."""
        if not self.is_bound:
            return not any(self.initial.values())
        return not any(self[name].data for name in self.fields)

    def clean(self) -> dict[str, Any]:
        if not self.is_blank and "category" not in self.errors and not self.cleaned_data.get("category"):
            self.add_error(
                "category", "何をするかを選んでください。この作業がいらないときは、ほかの欄も空にします。"
            )
        return self.cleaned_data

    def answers(self) -> ItemAnswers:
        data = self.cleaned_data
        kit = KITS[WorkCategory(data["category"])]
        skills, tools = self._counts("skill_"), self._counts("tool_")
        lowest = data["people_min"] or min(
            kit.people_min, data["people_ideal"] or 99, data["people_max"] or 99
        )
        ideal = data["people_ideal"] or max(lowest, min(kit.people_ideal, data["people_max"] or 99))
        return ItemAnswers(
            category=data["category"],
            detail=data["detail"],
            people_min=lowest,
            people_ideal=ideal,
            people_max=data["people_max"] or max(ideal, kit.people_max),
            minutes=data["minutes"] or kit.minutes,
            skills=skills if skills or not self.from_scratch else kit.skills,
            tools=tools if tools or not self.from_scratch else kit.tools,
            needs_truck=_yes(data["needs_truck"], kit.needs_truck),
            minors_ok=_yes(data["minors_ok"], kit.minors_ok),
            stamina_min=data["stamina_min"] or kit.stamina_min,
            women_min=data["women_min"] or 0,
            women_only=data["women_only"],
            language=data["language"],
            visits=data["visits"] or 1,
            open_from=data["open_from"],
            open_until=data["open_until"],
            hazards=data["hazards"],
            estimate_reason=data["estimate_reason"],
        )

    def _counts(self, prefix: str) -> dict[str, int]:
        data = self.cleaned_data
        return {
            name.removeprefix(prefix): data[name]
            for name in self.fields
            if name.startswith(prefix) and data[name]
        }


def _yes(answer: str, usual: bool) -> bool:
    return usual if answer == "" else answer == "yes"


def _item_values(item: WorkItem) -> dict[str, Any]:
    names = (
        "category", "detail", "people_min", "people_ideal", "people_max", "minutes", "stamina_min", "women_min",
        "women_only", "language", "visits", "open_from", "open_until", "hazards", "estimate_reason",
    )  # fmt: skip
    values = {name: getattr(item, name) for name in names}
    values |= {
        "needs_truck": "yes" if item.needs_truck else "no",
        "minors_ok": "yes" if item.minors_ok else "no",
    }
    values |= {f"skill_{code}": count for code, count in item.skills.items()}
    return values | {f"tool_{code}": count for code, count in item.tools.items()}


def item_forms(
    data: Any = None, *, operation: Operation, initial: Mapping[str, Any] | None = None
) -> list[ItemForm]:
    """The parts for work on a new sheet. `initial`: {field of the sheet, such as "w1-category": value}."""
    forms_ = []
    for n in range(1, ITEMS_ON_THE_SHEET + 1):
        own = {
            name.removeprefix(f"w{n}-"): value
            for name, value in (initial or {}).items()
            if name.startswith(f"w{n}-")
        }
        forms_.append(ItemForm(data, operation=operation, prefix=f"w{n}", initial=own))
    return forms_
