"""Which file, which columns, and why somebody takes data out. Shapes only, no rules."""

from __future__ import annotations

from typing import Any, Final

from django import forms

from intake.exchange import columns
from intake.exchange.columns import Kind
from intake.exchange.exporting import Format
from intake.exchange.models import Import

LEAVE_OUT: Final = ""


class UploadForm(forms.Form):
    """A file and what is in it."""

    kind = forms.ChoiceField(
        label="何の表ですか", choices=Kind.choices, initial=Kind.NEEDS, widget=forms.RadioSelect
    )
    file = forms.FileField(
        label="ファイル",
        help_text="CSV（.csv）か、Excelブック（.xlsx）。20MB・5万行まで。",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx,.xlsm"}),
        error_messages={
            "required": "ファイルを選んでください。",
            "empty": "ファイルに何も入っていません。別のファイルを選んでください。",
            "invalid": "ファイルを選んでください。",
            "missing": "ファイルを選んでください。",
        },
    )


class MappingForm(forms.Form):
    """For each column of the file, which place of ours it fills: fields c0, c1, …"""

    def __init__(self, data: Any = None, *, imported: Import) -> None:
        super().__init__(data)
        kind = Kind(imported.kind)
        choices = [
            (LEAVE_OUT, "取り込まない"),
            *((field.code, field.label) for field in columns.fields_of(kind)),
        ]
        for column, header in enumerate(imported.headers):
            self.fields[f"c{column}"] = forms.ChoiceField(
                label=header or "（見出しなし）",
                choices=choices,
                required=False,
                initial=imported.mapping.get(str(column), LEAVE_OUT),
                error_messages={"invalid_choice": "この中から選んでください。"},
            )

    def mapping(self) -> dict[int, str]:
        return {int(name[1:]): code for name, code in self.cleaned_data.items() if code}


class LookForm(forms.Form):
    """Another sheet, another line of headings."""

    sheet = forms.ChoiceField(label="シート", required=False)
    header_row = forms.TypedChoiceField(label="見出しの行", coerce=int, required=False)

    def __init__(self, data: Any = None, *, imported: Import, rows: list[tuple[int, str]]) -> None:
        super().__init__(data)
        sheets = imported.shape.get("sheets") or []
        if len(sheets) > 1:
            self.fields["sheet"].choices = [(name, name) for name in sheets]  # type: ignore[attr-defined]
            self.initial["sheet"] = imported.shape["sheet"]
        else:
            del self.fields["sheet"]
        self.fields["header_row"].choices = rows  # type: ignore[attr-defined]
        self.initial["header_row"] = imported.header_row


class ExportForm(forms.Form):
    """What for, in which form, and whether with what is nobody else's business."""

    form = forms.ChoiceField(
        label="ファイルの形", choices=Format.choices, initial=Format.XLSX, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label="何のために書き出すか",
        max_length=70,
        help_text="例：県社協への報告。だれが、いつ、何のために書き出したかが、記録に残ります。",
        error_messages={
            "required": "何のために書き出すかを書いてください（例：県社協への報告）。",
            "max_length": "70文字までにしてください。",
        },
    )
    sensitive = forms.BooleanField(
        label="体の具合・家族・一人暮らし・危機介入・見守りの列も入れる",
        required=False,
        help_text="必要なときだけ選びます。渡した相手にも、すべて見えます。",
    )
    tab = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)
    q = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)
    agreed = forms.BooleanField(required=False, widget=forms.HiddenInput)
