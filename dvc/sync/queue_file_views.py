"""The chief's page that takes a tablet's file."""

from __future__ import annotations

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from dvc.accounts.policy import StaffRequest, by
from dvc.core.refused import Refused
from dvc.sync import queue_files


class QueueFileForm(forms.Form):
    file = forms.FileField(
        label="端末から書き出したファイル",
        help_text="名前が「dvc-記録-」で始まり、「.json」で終わるファイルです。",
        widget=forms.FileInput(attrs={"accept": ".json,application/json"}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def queue_file(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Take the records of a tablet that reaches no server. The same file again changes nothing."""
    form = QueueFileForm(request.POST or None, request.FILES or None)
    taken, status = None, 200
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            if upload.size > queue_files.MOST_BYTES:
                raise Refused("queue_file.unreadable")
            taken = queue_files.take(request.center, upload.read(), by=by(request), at=timezone.now())
        except Refused as refusal:
            form.add_error("file", refusal.text)
            status = 409
    return render(request, "dvc/sync/queue_file.html", {"form": form, "taken": taken}, status=status)
