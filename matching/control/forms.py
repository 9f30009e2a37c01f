"""What the control desk enters."""

from __future__ import annotations

from typing import Any

from django import forms

from intake.help_requests.fields import TextField
from matching.safety.models import RecallReason, Rung, Weather
from matching.safety.policy import Band, Effect, Policy, WeatherRule

_CHOOSE = {"required": "理由を選んでください。", "invalid_choice": "この中から選んでください。"}


class RecallForm(forms.Form):
    reason = forms.ChoiceField(
        label="理由", choices=RecallReason.choices, widget=forms.RadioSelect, error_messages=_CHOOSE
    )
    words = TextField(
        label="伝えること", max_length=200, required=False, help_text="例：川に近づかない。車は置いて逃げる"
    )
    place = TextField(
        label="逃げる先", max_length=120, required=False, help_text="例：近くの高い建物。センターには戻らない"
    )


class EndForm(forms.Form):
    reason = TextField(
        label="終わる理由", max_length=200, required=True, help_text="例：津波注意報が解除され、全員の無事を確かめた",
        error_messages={"required": "終わる理由を書いてください。"},
    )  # fmt: skip

    despite = TextField(
        label="この班を残して終わる理由", max_length=200, required=False,
        help_text="例：消防が全員の無事を確かめた。まだ電話がつながらないので、かけ続ける",
    )  # fmt: skip


class ZoneForm(forms.Form):
    name = TextField(
        label="区域の名前", max_length=60, required=True, help_text="例：海岸ぞい",
        error_messages={"required": "区域の名前を書いてください。"},
    )  # fmt: skip
    points = forms.JSONField(
        label="かど", widget=forms.HiddenInput,
        error_messages=dict.fromkeys(("required", "invalid"), "地図を押して、かどを3つ以上決めてください。"),
    )  # fmt: skip


class LateCallForm(forms.Form):
    rung = forms.TypedChoiceField(
        label="だれに", choices=[(rung.value, rung.label) for rung in Rung if rung > Rung.LATE], coerce=int,
        widget=forms.RadioSelect, error_messages=_CHOOSE,
    )  # fmt: skip
    reached = forms.TypedChoiceField(
        label="どうでしたか", choices=[("yes", "話せた（無事）"), ("no", "出なかった・つながらない")],
        coerce=lambda said: said == "yes", widget=forms.RadioSelect, error_messages=_CHOOSE,
    )  # fmt: skip
    said = TextField(
        label="聞いたこと", max_length=200, help_text="例：片づけが長引いた。あと20分で出る。全員元気"
    )


class WbgtForm(forms.Form):
    wbgt = forms.DecimalField(
        label="暑さ指数（WBGT）", min_value=-10, max_value=45, decimal_places=1,
        help_text="測定器か、環境省の画面の数字。例：28.5",
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value", "max_decimal_places"), "28.5 のように、数字で入れてください。"
        ),
    )  # fmt: skip


_MINUTES = dict.fromkeys(("required", "invalid", "min_value", "max_value"), "分を、数字で入れてください。")


class RulesForm(forms.Form):
    """The whole table of an operation: one set of fields a band and a warning, named `band-0-work`, `storm-wait`."""

    call_after = forms.IntegerField(
        label="リーダーに電話（分）", min_value=1, max_value=600, error_messages=_MINUTES
    )
    second_after = forms.IntegerField(
        label="ほかの人に電話（分）", min_value=1, max_value=600, error_messages=_MINUTES
    )
    chief_after = forms.IntegerField(
        label="センター長に知らせる（分）", min_value=1, max_value=600, error_messages=_MINUTES
    )
    hold_minutes = forms.IntegerField(
        label="決まってから出発まで（分）", min_value=10, max_value=1440, error_messages=_MINUTES,
        help_text="これを過ぎても出発しない班に、印がつきます",
    )  # fmt: skip

    def __init__(self, data: Any = None, *, policy: Policy) -> None:
        super().__init__(data, initial=_rules_as_typed(policy))
        self.policy = policy
        for i, band in enumerate(policy.bands):
            self.fields |= _band_fields(f"band-{i}", band.name, first=i == 0)
        for kind in policy.weather:
            self.fields |= _weather_fields(kind)

    def ladder(self) -> list[forms.BoundField]:
        return [self[name] for name in ("call_after", "second_after", "chief_after", "hold_minutes")]

    def band_rows(self) -> list[tuple[str, list[forms.BoundField]]]:
        """Of each band its name and its fields."""
        return [
            (band.name, [self[f"band-{i}-{name}"] for name in ("from", "work", "rest", "last", "stop")])
            for i, band in enumerate(self.policy.bands)
        ]

    def weather_rows(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [(kind.label, [self[f"{kind}-effect"], self[f"{kind}-wait"]]) for kind in self.policy.weather]

    def rules(self) -> Policy:
        """What was entered."""
        data = self.cleaned_data
        bands = [
            Band(
                band.name, float(data[f"band-{i}-from"]), data[f"band-{i}-work"], data[f"band-{i}-rest"],
                last=data[f"band-{i}-last"], stop=data[f"band-{i}-stop"],
            )
            for i, band in enumerate(self.policy.bands)
        ]  # fmt: skip
        weather = {
            kind: WeatherRule(Effect(data[f"{kind}-effect"]), data[f"{kind}-wait"])
            for kind in self.policy.weather
        }
        return Policy(
            data["call_after"],
            data["second_after"],
            data["chief_after"],
            data["hold_minutes"],
            bands,
            weather,
        )


def _rules_as_typed(policy: Policy) -> dict[str, Any]:
    typed: dict[str, Any] = {
        "call_after": policy.call_after, "second_after": policy.second_after, "chief_after": policy.chief_after,
        "hold_minutes": policy.hold,
    }  # fmt: skip
    for i, band in enumerate(policy.bands):
        typed |= {
            f"band-{i}-from": band.from_wbgt, f"band-{i}-work": band.work, f"band-{i}-rest": band.rest,
            f"band-{i}-last": band.last, f"band-{i}-stop": band.stop,
        }  # fmt: skip
    for kind, rule in policy.weather.items():
        typed |= {f"{kind}-effect": rule.effect, f"{kind}-wait": rule.wait}
    return typed


def _band_fields(key: str, name: str, *, first: bool) -> dict[str, forms.Field]:
    number = {"required": "数字で入れてください。", "invalid": "数字で入れてください。"}
    return {
        f"{key}-from": forms.DecimalField(
            label=f"{name}：指数がこれ以上", min_value=0, max_value=0 if first else 45, decimal_places=1,
            error_messages={**number, "min_value": "0以上にしてください。", "max_value": "45以下にしてください。"},
            widget=forms.HiddenInput() if first else forms.NumberInput(),
        ),
        f"{key}-work": forms.IntegerField(label=f"{name}：作業（分）", min_value=0, max_value=120, error_messages=_MINUTES),
        f"{key}-rest": forms.IntegerField(label=f"{name}：休憩（分）", min_value=0, max_value=120, error_messages=_MINUTES),
        f"{key}-last": forms.TimeField(
            label=f"{name}：この時刻から出発しない", required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            error_messages={"invalid": "12:00 のように入れてください。"},
        ),
        f"{key}-stop": forms.BooleanField(label=f"{name}：出発を止める", required=False),
    }  # fmt: skip


def _weather_fields(kind: Weather) -> dict[str, forms.Field]:
    return {
        f"{kind}-effect": forms.ChoiceField(
            label=f"{kind.label}：どうするか", choices=Effect.choices, error_messages=_CHOOSE
        ),
        f"{kind}-wait": forms.IntegerField(
            label=f"{kind.label}：解除のあと待つ（分）", min_value=0, max_value=720, error_messages=_MINUTES
        ),
    }
