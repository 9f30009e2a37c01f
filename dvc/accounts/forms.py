"""What people type to get in and to keep their own account."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.validators import RegexValidator

from dvc.accounts.models import User

SIGN_IN_NAME = RegexValidator(
    r"\A[a-z0-9._-]{3,}\Z", "半角の英小文字・数字・ . - _ を3文字以上で入力してください。"
)
AS_TYPED = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}


class SignInForm(forms.Form):
    sign_in_name = forms.CharField(
        label="サインイン名",
        max_length=40,
        widget=forms.TextInput(attrs=AS_TYPED),
    )
    password = forms.CharField(
        label="パスワード",
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class OwnAccountForm(forms.Form):
    """A sign-in name and a password of one's own. Whoever came by link is not asked for `current`."""

    sign_in_name = forms.CharField(
        label="サインイン名",
        max_length=40,
        help_text="半角の英数字と . - _ が使えます。例：takahashi",
        validators=[SIGN_IN_NAME],
        widget=forms.TextInput(attrs=AS_TYPED),
    )
    current = forms.CharField(
        label="いまのパスワード",
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    password = forms.CharField(
        label="新しいパスワード",
        max_length=200,
        strip=False,
        help_text="10文字以上。ことばを3つほどつなげると覚えやすく、見破られにくくなります。",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="新しいパスワード（もう一度）",
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, user: User, ask_current: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        if not ask_current:
            del self.fields["current"]

    def clean_sign_in_name(self) -> str:
        name: str = self.cleaned_data["sign_in_name"]
        if User.objects.filter(sign_in_name=name).exclude(pk=self.user.pk).exists():
            raise forms.ValidationError("このサインイン名はほかの人が使っています。別の名前にしてください。")
        return name

    def clean_current(self) -> str:
        current: str = self.cleaned_data["current"]
        if not self.user.check_password(current):
            raise forms.ValidationError("いまのパスワードが違います。もう一度入力してください。")
        return current

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self.user)
        return password

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "password" in cleaned and "again" in cleaned and cleaned["password"] != cleaned["again"]:
            self.add_error("again", "2回の入力が同じではありません。もう一度入力してください。")
        return cleaned
