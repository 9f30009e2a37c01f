"""What is asked at a house, and what is said when a visit is planned. Shapes only, no rules.

`SurveyForm` is one form in three places: on the tablet (whose record carries its fields as they were filled in), at the
desk for a survey on paper, and on the page that shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Final, cast

from django import forms
from django.db import models
from django.utils.datastructures import MultiValueDict

from dvc.accounts.models import User
from dvc.core.fields import ClockField
from dvc.core.japanese import how_long
from intake.help_requests.answers import Damage, Lifeline
from intake.help_requests.fields import CountField, TextField
from intake.help_requests.models import Hazard
from intake.survey.models import Appointment, Round
from intake.volunteers.models import WorkCategory

ESTIMATES: Final = 3
_BAD_CHOICE: Final = "この中から選んでください。"
_CHOICE_ERRORS: Final = {"invalid_choice": _BAD_CHOICE, "invalid_list": _BAD_CHOICE, "required": _BAD_CHOICE}


class Entry(models.TextChoices):
    """Whether volunteers may go in, as the surveyors see it."""

    YES = "yes", "入ってよい"
    ASK = "ask", "迷う（班長に相談）"
    NO = "no", "入れない"


class Tag(models.TextChoices):
    """応急危険度判定: the paper on the house."""

    NONE = "none", "貼ってない"
    GREEN = "green", "緑（調査済）"
    YELLOW = "yellow", "黄（要注意）"
    RED = "red", "赤（危険）"


class Asbestos(models.TextChoices):
    NO = "no", "見あたらない"
    UNSURE = "unsure", "分からない"
    MAYBE = "maybe", "ありそう"


def _one_of(kinds: type[models.TextChoices], label: str, **options: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=kinds.choices, required=False, widget=forms.RadioSelect, error_messages=_CHOICE_ERRORS,
        **options,
    )  # fmt: skip


def _some_of(kinds: Iterable[tuple[str, Any]], label: str, **options: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, choices=list(kinds), required=False, widget=forms.CheckboxSelectMultiple,
        error_messages=_CHOICE_ERRORS, **options,
    )  # fmt: skip


def _long(label: str, **options: Any) -> TextField:
    return TextField(
        label=label, multiline=True, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}), **options
    )


class SurveyForm(forms.Form):
    """現地調査票, in the order of a visit. Nothing is required: what was seen is kept as far as it goes."""

    entry = _one_of(Entry, "ボランティアが入ってよいですか")
    building_tag = _one_of(Tag, "建物の判定の紙（応急危険度判定）")
    hazards = _some_of(
        [pair for pair in Hazard.choices if pair[0] not in (Hazard.RED_TAG, Hazard.ASBESTOS)],
        "危ないもの（見つけたものすべて）",
    )
    asbestos = _one_of(Asbestos, "石綿（アスベスト）")
    damage_kinds = _some_of(Damage.choices, "家の様子")
    water_cm = CountField(label="水が来た高さ（cm）", high=2000)
    mud_cm = CountField(label="泥の厚さ（cm）", high=500)
    rooms = CountField(label="作業する部屋の数")
    under_floor = TextField(label="床下の様子", max_length=200, help_text="例：泥5cm、床板は外してある")
    lifelines = _some_of(Lifeline.choices, "使えないもの")
    parking = TextField(
        label="駐車・搬入", max_length=120, help_text="何台置けるか、軽トラックが入れるか、道の幅"
    )
    trucks = CountField(label="要る軽トラックの数", high=20)
    keep = TextField(
        label="残してほしいもの", max_length=200, help_text="捨てる物・残す物は、必ず本人に聞きます"
    )
    present = TextField(label="立ち会った人", max_length=80)
    women = forms.BooleanField(label="女性のボランティアを希望", required=False)
    next_wish = TextField(label="作業・次の訪問の希望日", max_length=120)
    heard = _long("聞いたこと・気づいたこと")

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        for n in range(1, ESTIMATES + 1):
            self.fields |= _estimate_fields(n)

    @property
    def estimates(self) -> list[list[forms.BoundField]]:
        """The fields of each estimate."""
        return [
            [self[name] for name in self.fields if name.startswith(f"e{n}-")] for n in range(1, ESTIMATES + 1)
        ]

    @property
    def before_estimates(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if "-" not in name]

    def answers(self) -> dict[str, Any]:
        """What was filled in and could be read, without what was left empty."""
        self.full_clean()
        return {
            name: value for name, value in self.cleaned_data.items() if value not in (None, "", [], False)
        }

    def unread(self) -> dict[str, str]:
        """What was filled in and could not be read, by label."""
        self.full_clean()
        return {
            str(self[name].label): _as_text(self[name].data) for name in self.errors if name in self.fields
        }


def _estimate_fields(n: int) -> dict[str, forms.Field]:
    """人数 × 時間 × 回数, and why."""
    return {
        f"e{n}-category": forms.ChoiceField(
            label="何をするか", choices=[("", "選んでください"), *WorkCategory.choices], required=False,
            error_messages=_CHOICE_ERRORS,
        ),
        f"e{n}-detail": TextField(label="量・場所", max_length=120, help_text="例：6畳2間の泥、たんす3つ"),
        f"e{n}-people": CountField(label="何人で", low=1, high=50),
        f"e{n}-minutes": forms.TypedChoiceField(
            label="1回に何時間", required=False, coerce=int, empty_value=None, error_messages=_CHOICE_ERRORS,
            choices=[("", "選んでください"), *((m, how_long(m)) for m in (30, 60, 90, 120, 150, 180, 240, 300, 360))],
        ),
        f"e{n}-visits": CountField(label="何回で終わりそうか", low=1, high=50),
        f"e{n}-reason": TextField(
            label="そう見立てた理由", max_length=160, help_text="人数に正解はありません。理由を残します。"
        ),
    }  # fmt: skip


def _as_text(data: Any) -> str:
    return "、".join(map(str, data)) if isinstance(data, list | tuple) else str(data)


def filled(fields: Mapping[str, Any]) -> SurveyForm:
    """The form as a tablet filled it in: name → text, or list of texts."""
    said = {
        name: [str(each) for each in value] if isinstance(value, list) else [_said(value)]
        for name, value in fields.items()
        if value not in (None, "", [], False)
    }
    return SurveyForm(MultiValueDict(said))


def _said(value: Any) -> str:
    return "on" if value is True else str(value)


@dataclass(frozen=True, slots=True)
class Estimate:
    """見立て: `people` for `minutes`, `visits` times, and why."""

    category: WorkCategory
    detail: str
    people: int | None
    minutes: int | None
    visits: int | None
    reason: str


def estimates_of(answers: Mapping[str, Any]) -> Iterator[Estimate]:
    """The estimates somebody chose a kind of work for."""
    for n in range(1, ESTIMATES + 1):
        category = answers.get(f"e{n}-category")
        if category in WorkCategory.values:
            yield Estimate(
                WorkCategory(category), answers.get(f"e{n}-detail", ""), answers.get(f"e{n}-people"),
                answers.get(f"e{n}-minutes"), answers.get(f"e{n}-visits"), answers.get(f"e{n}-reason", ""),
            )  # fmt: skip


def in_words(answers: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(label, what was said) for everything but the estimates, in the order of the form; last what stands in an estimate for
    which nobody chose a kind of work."""
    rows = []
    kindless: dict[str, list[str]] = {}
    for name, field in SurveyForm().fields.items():
        value = answers.get(name)
        number, dash, _ = name.partition("-")
        if value in (None, "", [], False) or (
            dash and answers.get(f"{number}-category") in WorkCategory.values
        ):
            continue
        if isinstance(field, forms.ChoiceField):
            words = {str(code): str(word) for code, word in cast("list[tuple[str, str]]", field.choices)}
            chosen: Sequence[str] = value if isinstance(value, list) else [value]
            value = "・".join(words.get(str(code), str(code)) for code in chosen)
        said = "はい" if value is True else str(value)
        if dash:
            kindless.setdefault(number.removeprefix("e"), []).append(f"{field.label}：{said}")
        else:
            rows.append((str(field.label), said))
    return rows + [
        (f"見立て{n}（何をするかは選ばれていません）", "\n".join(lines)) for n, lines in kindless.items()
    ]


class RoundForm(forms.Form):
    """Two people and a car."""

    first = forms.ModelChoiceField(
        User.objects.none(), label="調査に行く人", empty_label="選んでください", error_messages={
            "required": "調査に行く人を選んでください。", "invalid_choice": _BAD_CHOICE,
        },
    )  # fmt: skip
    second = forms.ModelChoiceField(
        User.objects.none(), label="もう1人", required=False, empty_label="職員ではない人と行く",
        error_messages={"invalid_choice": _BAD_CHOICE},
    )  # fmt: skip
    companion = TextField(label="職員ではない人のお名前", max_length=60, help_text="民生委員など")
    car = TextField(
        label="車", max_length=60, required=True, help_text="例：社協の軽ワゴン 12-34",
        error_messages={"required": "車を入れてください。調査は2人と車1台で行きます。"},
    )  # fmt: skip
    starts = ClockField(label="出発する時刻", initial=time(9, 30))

    def __init__(self, data: Any = None, *, staff: models.QuerySet[User], found: Round | None = None) -> None:
        initial = {}
        if found is not None:
            initial = {
                "first": found.first_id, "second": found.second_id, "companion": found.companion, "car": found.car,
                "starts": found.starts,
            }  # fmt: skip
        super().__init__(data, initial=initial)
        for name in ("first", "second"):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = staff


class DayForm(forms.Form):
    """Which day's page."""

    day = forms.DateField(required=False)

    @classmethod
    def asked(cls, data: Any, *, today: date) -> date:
        form = cls(data)
        return form.cleaned_data.get("day") or today if form.is_valid() else today


class BookForm(forms.Form):
    """When a household expects the surveyors."""

    round = forms.ModelChoiceField(
        Round.objects.none(), label="どの班が行くか", empty_label="選んでください", error_messages={
            "required": "どの班が行くかを選んでください。", "invalid_choice": _BAD_CHOICE,
        },
    )  # fmt: skip
    window_from = ClockField(label="何時から", initial=time(10, 0))
    window_until = ClockField(label="何時まで", initial=time(12, 0))
    note = TextField(label="調査の人に伝えること", max_length=200, help_text="例：耳が遠い、犬がいる")

    def __init__(
        self, data: Any = None, *, rounds: models.QuerySet[Round], found: Appointment | None = None
    ) -> None:
        initial: dict[str, Any] = {}
        if found is not None:
            initial = {
                "round": found.round_id, "window_from": found.window_from, "window_until": found.window_until,
                "note": found.note,
            }  # fmt: skip
        super().__init__(data, initial=initial)
        field = self.fields["round"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = rounds


class ReasonForm(forms.Form):
    reason = TextField(label="理由", max_length=200)
