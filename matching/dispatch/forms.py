"""Shapes of what people type here. The rules are in services and gate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone

from dvc.core.fields import ClockField
from dvc.core.japanese import normalise_text
from intake.volunteers.models import Volunteer
from matching.dispatch.gate import checks_today
from matching.dispatch.models import Dispatch, DispatchState, Outcome
from matching.equipment.models import Vehicle
from matching.loans.models import Loan
from matching.loans.models import Outcome as Became
from matching.loans.queries import in_order
from matching.loans.services import Back
from matching.safety.policy import Band

CANCEL_REASONS = (
    ("雨・警報など天候のため", "雨・警報など天候のため"),
    ("依頼した人の都合のため", "依頼した人の都合のため"),
    ("人数・資機材がそろわないため", "人数・資機材がそろわないため"),
    ("班を組み直すため", "班を組み直すため"),
)


class Text(forms.CharField):
    """A line of Japanese text, brought into one writing."""

    def __init__(self, *, multiline: bool = False, rows: int = 3, **options: Any) -> None:
        if multiline:
            options.setdefault("widget", forms.Textarea(attrs={"rows": rows}))
        self.multiline = multiline
        super().__init__(**options)

    def to_python(self, value: object) -> str:
        text = super().to_python(value) or ""
        # Far beyond its length a text is only measured and refused, not brought into shape.
        too_long = self.max_length is not None and len(text) > 4 * self.max_length
        return text if too_long else normalise_text(text, multiline=self.multiline)


def moment_of(clock: time, *, at: datetime) -> datetime:
    """The moment a typed time means: today; past midnight when a team leaves in the evening."""
    local = timezone.localtime(at)
    found = local.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)
    return found + timedelta(days=1) if found <= at - timedelta(hours=12) else found


def last_moment_of(clock: time, *, at: datetime) -> datetime:
    """The moment a typed time means of something that has happened: today, or yesterday when today it has not been yet."""
    found = timezone.localtime(at).replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)
    return found - timedelta(days=1) if found > at else found


class DepartForm(forms.Form):
    """The five points, the return time, and the chief's reason when something is missing."""

    checks = forms.MultipleChoiceField(
        label="出発前の5つの確認",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="班の前で、声に出して確かめてから印をつけます。",
    )
    due_back = ClockField(label="センターに戻る時刻", help_text="過ぎると、ボードに赤で出ます。")
    override = Text(label="足りないものがあっても出発させる理由", max_length=200, required=False)

    def __init__(self, *args: Any, band: Band, **options: Any) -> None:
        super().__init__(*args, **options)
        checks = self.fields["checks"]
        assert isinstance(checks, forms.MultipleChoiceField)
        checks.choices = checks_today(band)


class PostponeForm(forms.Form):
    """The new return time that was agreed by phone."""

    due_back = ClockField(label="新しい戻りの時刻")


class CancelForm(forms.Form):
    """One of the usual reasons, or another."""

    reason = forms.ChoiceField(
        label="理由", choices=(*CANCEL_REASONS, ("", "そのほか（下に書く）")), required=False,
        widget=forms.RadioSelect,
    )  # fmt: skip
    other = Text(label="そのほかの理由", max_length=120, required=False)

    def chosen(self) -> str:
        return str(self.cleaned_data["other"] or self.cleaned_data["reason"])


class ReportForm(forms.Form):
    """What the team tells, in the order people ask: are you well, then what was done."""

    injury = Text(
        label="けが・体調の悪い人はいませんか", max_length=500, required=False, multiline=True, rows=2,
        help_text="いなければ空のままでかまいません。いたら、だれが・どうしたかを書いてください。",
    )  # fmt: skip
    near_miss = Text(
        label="ヒヤリとしたことはありませんか", max_length=500, required=False, multiline=True, rows=2,
        help_text="次の班を守ります。小さなことでも書いてください。",
    )  # fmt: skip
    outcome = forms.ChoiceField(
        label="作業はどうなりましたか", choices=Outcome.choices, widget=forms.RadioSelect
    )
    people = forms.IntegerField(label="活動した人数", min_value=0, max_value=500)
    text = Text(label="やったこと", max_length=4000, required=False, multiline=True)
    remaining = Text(
        label="残っていること", max_length=2000, required=False, multiline=True, rows=2,
        help_text="「継続」のときは必ず書いてください。",
    )  # fmt: skip
    people_next = forms.IntegerField(label="次に必要な人数", min_value=1, max_value=100, required=False)
    watch = forms.BooleanField(
        label="気になる様子があった（見守りが必要）", required=False,
        help_text="一人で困っている、体調が悪そう、など。センターの担当が訪ねます。",
    )  # fmt: skip

    def story(self) -> dict[str, Any]:
        """Keyword arguments of `services.report`."""
        names = ("outcome", "people", "text", "remaining", "people_next", "injury", "near_miss", "watch")
        return {name: self.cleaned_data[name] for name in names}


class OtherVisitForm(ReportForm):
    """A further house of the same team at the return: what was done there, or that nobody has been there (or that it is
    told later). Injuries are asked once, for the whole day."""

    people = forms.IntegerField(label="活動した人数", min_value=0, max_value=500, required=False)

    def __init__(self, sent: QueryDict | None, *, visit: Dispatch, initial: dict[str, Any]) -> None:
        super().__init__(sent, prefix=f"v{visit.pk}", initial=initial)
        self.visit = visit
        for name in ("injury", "near_miss"):
            del self.fields[name]
        nothing = "行っていない（また班を待つ）" if visit.state == DispatchState.NEXT else "あとで入力する"
        self.fields["outcome"] = forms.ChoiceField(
            label="作業はどうなりましたか", choices=[("", nothing), *Outcome.choices], required=False,
            widget=forms.RadioSelect,
        )  # fmt: skip

    @property
    def was_there(self) -> bool:
        return bool(self.cleaned_data["outcome"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("outcome") and cleaned.get("people") is None:
            self.add_error("people", "活動した人数を入れてください。")
        if cleaned.get("outcome") == Outcome.CONTINUING and not cleaned.get("remaining"):
            self.add_error("remaining", "「継続」のときは、残っていることを書いてください。")
        return cleaned

    def story(self) -> dict[str, Any]:
        names = ("outcome", "people", "text", "remaining", "people_next", "watch")
        return {name: self.cleaned_data[name] for name in names}


class MergeForm(ReportForm):
    """One report of several, so there is room for the words of all. The outcome is asked for only where they told different
    ones, and none is chosen beforehand."""

    injury = Text(label="けが・体調の悪い人", max_length=20_000, required=False, multiline=True, rows=2)
    near_miss = Text(label="ヒヤリとしたこと", max_length=20_000, required=False, multiline=True, rows=2)
    text = Text(label="やったこと", max_length=20_000, required=False, multiline=True)
    remaining = Text(
        label="残っていること", max_length=20_000, required=False, multiline=True, rows=2,
        help_text="「継続」のときは必ず書いてください。",
    )  # fmt: skip

    def __init__(self, *args: Any, outcomes: Sequence[Outcome], **options: Any) -> None:
        super().__init__(*args, **options)
        if len(outcomes) < 2:
            del self.fields["outcome"]
            return
        told = "」「".join(outcome.label for outcome in outcomes)
        self.fields["outcome"].label = "どの結果が正しいですか"
        self.fields[
            "outcome"
        ].help_text = f"報告は「{told}」とちがっています。リーダーに確かめてから選んでください。"


ALL_HERE, SOME_NOT = "all", "some"
_HEADS = {"required": "全員が戻ったかを、顔を見て確かめて選んでください。"}


class ReturnForm(ReportForm):
    """The same at the desk, with heads, paper, keys and tools, and where the need goes after 中止 or 不在. `vehicles`: those
    of the center whose keys are out; `loans`: what the team has been lent; `people`: who left with it, `heads` in number
    (also of a team that is back); `sheets`: how many orders were printed; `second`: another desk was quicker with the return, so
    `vehicles` and `loans` are what it left out. That everything is back is chosen by somebody and never filled in beforehand; what nobody has
    counted stays out."""

    next_step = forms.ChoiceField(
        label="「中止」「不在」のとき、この困りごとを", initial="hold", required=False, widget=forms.RadioSelect,
        choices=(("hold", "保留にする（住んでいる人に電話してから決める）"), ("ready", "マッチング待ちに戻す")),
    )  # fmt: skip
    sheets_back = forms.IntegerField(
        label="戻ってきた依頼書の枚数", min_value=0, max_value=99, required=False
    )
    found_out = Text(
        label="帰ってから分かった、けが・体調不良", max_length=500, required=False, multiline=True, rows=2,
        help_text="いなければ空のままでかまいません。書くと、報告に加わります。",
    )  # fmt: skip
    washed = forms.MultipleChoiceField(
        label="洗ったもの", required=False, widget=forms.CheckboxSelectMultiple,
        choices=(("hands", "手洗い・うがい・消毒をした"), ("boots", "長ぐつを洗った"), ("tools", "資機材を洗った")),
    )  # fmt: skip
    back_at = ClockField(
        label="帰ってきた時刻", required=False,
        help_text="いま帰ってきたときは、空のままでかまいません。前に帰っていたときだけ入れます（いまより遅い時刻は、きのうのことになります）。",
    )  # fmt: skip
    tools_missing = Text(
        label="足りない・こわれた資機材", max_length=200, required=False,
        help_text="全部そろっていれば空のままでかまいません。",
    )  # fmt: skip

    def __init__(
        self, *args: Any, report_wanted: bool = True, vehicles: Iterable[Vehicle] = (), loans: Iterable[Loan] = (),
        people: Iterable[Volunteer] = (), heads: int = 0, sheets: int = 0, second: bool = False, **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **options)
        self.crew, self.headcount, self.sheets = list(people), heads, sheets
        active = self.fields["people"]
        active.required = not heads
        if self.crew:
            self.fields |= _asked_heads(self.crew)
            active.help_text = f"出発した{heads}人が全員活動したときは、空のままでかまいません。"
            self.fields["coming"] = forms.MultipleChoiceField(
                label="明日も来られる人", required=False, widget=forms.CheckboxSelectMultiple,
                choices=[(person.pk, f"{person.name}さん") for person in self.crew],
                help_text="「明日も来られますか」と聞いて、来られる人に印をつけます。約束ではありません。",
            )  # fmt: skip
        self.vehicles = list(vehicles)
        shown = str(self.data.get("shown_tools", "")) if second else ""
        self.tools = _asked(loans, shown)
        for tool in self.tools:
            self.fields.update(tool.fields())
        if sheets:
            self.fields["sheets_all"] = _all_of(
                str(sheets), f"渡した{sheets}枚が、全部戻った", label="依頼書"
            )
            self.fields["sheets_back"].label = "全部でないときは、戻った枚数"
        if self.tools:
            seen = " ".join(f"{tool.came}:{tool.shown}" for tool in self.tools)
            if {*seen.split()} <= {*shown.split()}:
                seen = shown
            self.fields["shown_tools"] = forms.CharField(
                required=False, initial=seen, widget=forms.HiddenInput
            )
            self.fields["tools_all"] = _all_of(
                seen, "貸したものが、全部そろって戻った（数えた）", label="貸した資機材"
            )
            self.fields["tools_missing"].label = "資機材で気づいたこと"
            self.fields["tools_missing"].help_text = "なければ空のままでかまいません。"
        if self.vehicles:
            self.fields["keys"] = forms.MultipleChoiceField(
                label="戻ってきた車のかぎ", required=False, widget=forms.CheckboxSelectMultiple,
                choices=[(vehicle.pk, vehicle.name) for vehicle in self.vehicles],
                help_text="受け取った車に印をつけます。印のない車は「かぎがまだ」と記録します。",
            )  # fmt: skip
        if not report_wanted:
            for name in (*ReportForm.base_fields, "next_step"):
                del self.fields[name]
        else:
            del self.fields["found_out"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("heads") == SOME_NOT and not cleaned.get("not_here"):
            self.add_error("not_here", "戻っていない人に印をつけてください。")
        if cleaned.get("heads") == ALL_HERE and self.joined:
            names = "、".join(f"{person.name}さん" for person in self.joined)
            self.add_error(
                "heads",
                f"この画面を開いたあとに、{names}が、数える人に加わりました。ここにいるか確かめて、選び直してください。",
            )
        if cleaned.get("heads") == ALL_HERE and cleaned.get("not_here"):
            self.add_error(
                "heads", "「全員」を選びましたが、戻っていない人に印があります。どちらかを直してください。"
            )
        if "people" in self.fields and cleaned.get("people") is None and "people" not in self.errors:
            cleaned["people"] = self.headcount
        if cleaned.get("sheets_all"):
            if cleaned.get("sheets_back") not in (None, self.sheets):
                self.add_error("sheets_back", "「全部戻った」にも印があります。どちらかを直してください。")
            cleaned["sheets_back"] = self.sheets
        for tool in self.tools:
            if error := tool.wrong(cleaned):
                self.add_error(*error)
        return cleaned

    @property
    def joined(self) -> list[Volunteer]:
        """Who is asked about and was not when the page was opened (reception had them as gone): 「全員」 did not mean them."""
        shown = str(self.data.get("shown_people", "")).split()
        return [person for person in self.crew if str(person.pk) not in shown] if shown else []

    @property
    def here(self) -> int | None:
        """How many were counted."""
        return len(self.crew) - len(self.away) if self.crew else None

    @property
    def away(self) -> list[Volunteer]:
        """Who of the team has not come with it."""
        return self._ticked("not_here")

    @property
    def uncounted(self) -> list[str]:
        """What nobody has counted, in words."""
        sheets = ["依頼書"] if self.sheets and self.cleaned_data["sheets_back"] is None else []
        return [*sheets, *(tool.loan.what for tool in self.tools if tool.told(self.cleaned_data) is None)]

    def tool_rows(self) -> list[tuple[Any, Any]]:
        """For the page: how many came (None for a piece) and what became of the rest."""
        return [(None if tool.loan.item_id else self[tool.came], self[tool.rest]) for tool in self.tools]

    def tools_back(self) -> list[Back]:
        """What was told of the tools, for `loans.services.take_back_all`."""
        return [told for tool in self.tools if (told := tool.told(self.cleaned_data)) is not None]

    @property
    def coming(self) -> list[Volunteer]:
        """Who said that they come tomorrow."""
        return self._ticked("coming")

    def _ticked(self, field: str) -> list[Volunteer]:
        ticked = self.cleaned_data.get(field, [])
        return [person for person in self.crew if str(person.pk) in ticked]

    @property
    def keys_here(self) -> list[Vehicle]:
        """Those somebody has ticked."""
        back = self.cleaned_data.get("keys", [])
        return [vehicle for vehicle in self.vehicles if str(vehicle.pk) in back]

    @property
    def keys_missing(self) -> list[Vehicle]:
        """Those nobody has ticked."""
        return [vehicle for vehicle in self.vehicles if vehicle not in self.keys_here]


def _asked_heads(crew: Sequence[Volunteer]) -> dict[str, forms.Field]:
    return {
        "heads": forms.ChoiceField(
            label="全員が戻りましたか", widget=forms.RadioSelect, error_messages=_HEADS,
            choices=[
                (ALL_HERE, f"全員（{len(crew)}人）が、ここにいる"),
                (SOME_NOT, "ここにいない人がいるが、無事は確かめた（現地から帰った、など）"),
            ],
            help_text="顔を見て数えます。どこにいるか分からない人がいるうちは、記録しないで、先に電話してください。",
        ),
        "not_here": forms.MultipleChoiceField(
            label="ここにいない人", required=False, widget=forms.CheckboxSelectMultiple,
            choices=[(person.pk, f"{person.name}さん") for person in crew],
        ),
        "not_here_said": Text(
            label="その人について確かめたこと", max_length=200, required=False,
            help_text="例：自分の車で家に帰った。電話で本人と話した",
        ),
    }  # fmt: skip


def _all_of(value: str, words: str, *, label: str) -> forms.Field:
    """One tick that says that all is back. `value`: what was on the page when it was set; it holds for nothing else."""
    return forms.MultipleChoiceField(
        label=label, required=False, widget=forms.CheckboxSelectMultiple, choices=[(value, words)],
        error_messages={"invalid_choice": "この画面を開いたあとに数が変わりました。もう一度数えて、印をつけ直してください。"},
    )  # fmt: skip


class AskedTool:
    """A tool the team has, as the return asks about it: `out` of them, or one piece with a number. `shown`: so many were out
    when the page was opened; what another desk has taken back since is part of what is counted here."""

    def __init__(self, loan: Loan, out: int) -> None:
        self.loan = loan
        self.out = self.shown = out
        name = f"piece_{loan.item_id}" if loan.item_id else loan.tool
        self.came, self.rest = f"came_{name}", f"rest_{name}"

    def fields(self) -> dict[str, forms.Field]:
        """A count and a choice; for a piece the choice says all."""
        missing = [(one.value, one.label) for one in Became if one != Became.FINE]
        if self.loan.item_id:
            choices = [(Became.FINE.value, Became.FINE.label), *missing]
            return {
                self.rest: forms.ChoiceField(
                    label=self.loan.what, choices=choices, required=False, widget=forms.RadioSelect
                )
            }
        return {
            self.came: forms.IntegerField(
                label=f"{self.loan.what}（貸した数 {self.shown}）の、返った数", min_value=0, max_value=self.shown,
                required=False,
            ),
            self.rest: forms.ChoiceField(
                label="足りない分は", required=False, choices=[("", "足りない分はない"), *missing]
            ),
        }  # fmt: skip

    def wrong(self, cleaned: dict[str, Any]) -> tuple[str, str] | None:
        """The field that contradicts the others, and why."""
        came, rest = cleaned.get(self.came), cleaned.get(self.rest)
        if self.loan.item_id:
            short = rest not in ("", None, Became.FINE)
        elif came is None and rest:
            return self.came, "返った数を入れてください。"
        else:
            short = came is not None and came < self.shown
            if short and not rest:
                return self.rest, "足りない分がどうなったかを選んでください。"
        if short and cleaned.get("tools_all"):
            return self.rest, "「全部そろって戻った」にも印があります。どちらかを直してください。"
        return None

    def told(self, cleaned: dict[str, Any]) -> Back | None:
        """None of what nobody has counted: it stays lent."""
        rest = Became(cleaned[self.rest]) if cleaned.get(self.rest) else None
        every = bool(cleaned.get("tools_all"))
        if self.loan.item_id:
            rest = Became.FINE if every else rest
            return Back(self.loan.tool, int(rest == Became.FINE), rest, self.loan.item) if rest else None
        came = self.shown if every else cleaned[self.came]
        if came is None:
            return None
        since = self.shown - self.out
        if since and came <= since:  # nothing that the other desk has not counted
            return None
        return Back(self.loan.tool, came - since, rest)


def _asked(loans: Iterable[Loan], shown: str = "") -> list[AskedTool]:
    """Each piece by itself, the counted ones together. `shown`: "came_shovel:5 …", what was out when a page was opened."""
    seen = dict(one.split(":", 1) for one in shown.split() if ":" in one)
    counts: dict[tuple[str, int | None], AskedTool] = {}
    for loan in in_order(loans):
        asked = counts.setdefault((loan.tool, loan.item_id), AskedTool(loan, 0))
        asked.out += loan.out
    for asked in counts.values():
        then = seen.get(asked.came, "")
        asked.shown = max(asked.out, int(then) if then.isdecimal() and len(then) < 6 else 0)
    return list(counts.values())
