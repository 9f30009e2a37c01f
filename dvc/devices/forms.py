"""What the center leader types about a tablet."""

from __future__ import annotations

from typing import Any

from django import forms

from dvc.accounts.models import DeviceProfile
from dvc.core.japanese import normalise_text

# What each profile is for, as one chooses it.
PURPOSES = {
    DeviceProfile.RECEPTION: "受付（到着・帰りを記録する）",
    DeviceProfile.KIOSK: "自分で受付（来た人が自分で読み取る）",
    DeviceProfile.TOOLS: "資機材（貸出と返却を記録する）",
    DeviceProfile.SURVEY: "現地調査",
    DeviceProfile.MATCHING: "マッチング",
    DeviceProfile.FIELD: "現場",
    DeviceProfile.WALL: "掲示（大きな画面に映す）",
}


class PairingForm(forms.Form):
    name = forms.CharField(
        label="端末の名前",
        max_length=40,
        help_text="例：受付1番。どの端末の記録か、あとで分かるようにします。",
        error_messages={
            "required": "端末の名前を入力してください（例：受付1番）。",
            "max_length": "端末の名前は%(limit_value)d文字までです。短くして入力し直してください。",
        },
    )
    profile = forms.ChoiceField(
        label="使いみち",
        choices=[(profile.value, label) for profile, label in PURPOSES.items()],
        initial=DeviceProfile.RECEPTION.value,
        widget=forms.RadioSelect,
        help_text="端末には、この使いみちに要るものだけが入ります。",
    )

    def clean_name(self) -> str:
        try:
            name = normalise_text(self.cleaned_data["name"])
        except ValueError:
            name = ""
        if not name:
            raise forms.ValidationError("端末の名前を、文字と数字で入力してください。")
        return name

    def chosen(self) -> dict[str, Any]:
        return {
            "name": self.cleaned_data["name"],
            "profile": DeviceProfile(self.cleaned_data["profile"]),
        }
