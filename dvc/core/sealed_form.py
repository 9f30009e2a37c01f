"""Forms that anybody may send without an account: a honeypot, a time trap and a token against sending twice. No captcha:
whoever needs help can use it with an old phone and old eyes."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, Final, Self

from django import forms
from django.core import signing

FASTEST_SECONDS: Final = 3  # nobody fills such a form faster
OLDEST_SECONDS: Final = 24 * 60 * 60


class SealedForm(forms.Form):
    """Valid data holds `form_token` (UUID), the same for the same form sent again.

    The page must show `website` where people do not see it (class visually-hidden), and render all hidden fields.
    """

    SALT: ClassVar[str]
    SAID: ClassVar[dict[str, str]] = {
        "filled": "この欄は空のままにして、もう一度送ってください。",
        "old": "時間がたったため、送れませんでした。画面を開き直して、もう一度入力してください。",
        "fast": "画面を開いてすぐに送られたので、まだ受け取っていません。内容を確かめて、もう一度送ってください。",
    }

    website = forms.CharField(
        label="この欄は空のままにしてください",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )
    seal = forms.CharField(widget=forms.HiddenInput, max_length=200)

    @classmethod
    def fresh_seal(cls) -> str:
        """What an empty form carries: a token, sealed with the moment it was handed out."""
        return signing.TimestampSigner(salt=cls.SALT).sign(str(uuid.uuid4()))

    @classmethod
    def blank(cls) -> Self:
        """An empty form, sealed now."""
        return cls(initial={"seal": cls.fresh_seal()})

    def said(self) -> dict[str, str]:
        """The sentences of SAID; a form in several languages overrides this."""
        return self.SAID

    def clean_website(self) -> str:
        if self.cleaned_data["website"]:
            raise forms.ValidationError(self.said()["filled"])
        return ""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "seal" in data:
            self._open_seal(data)
        return data

    def _open_seal(self, data: dict[str, Any]) -> None:
        signer = signing.TimestampSigner(salt=self.SALT)
        try:
            data["form_token"] = uuid.UUID(signer.unsign(data["seal"], max_age=OLDEST_SECONDS))
        except (signing.BadSignature, ValueError):
            self.add_error(None, self.said()["old"])
            return
        # Who left a field empty is told of that field, and is not so fast the second time.
        if not self.errors and _is_fresh(signer, data["seal"]):
            self.add_error(None, self.said()["fast"])


def _is_fresh(signer: signing.TimestampSigner, seal: str) -> bool:
    try:
        signer.unsign(seal, max_age=FASTEST_SECONDS)
    except signing.SignatureExpired:
        return False
    return True
