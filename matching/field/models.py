"""One thing a leader told, and what the center said to it."""

from __future__ import annotations

from typing import ClassVar, Final, Self

from django.db import models

LONGEST: Final = (
    8000  # all the words of the longest report (dispatch.forms.ReportForm); the page's own fields take 200
)


class Said(models.TextChoices):
    """What it is about, the gravest first."""

    SOS = "sos", "助けが必要"
    INJURY = "injury", "けが・体調不良"
    REPORT = "visit_done", "行っていないはずのお宅の報告"
    GONE = "gone", "出発の記録がない班から"
    EXTRA = "extra", "ほかの作業を頼まれた"
    LATER = "later", "時間をのばしたい"
    PEOPLE = "people", "人を増やしてほしい"
    TOOLS = "tools", "資機材がほしい"
    NEAR_MISS = "near_miss", "ヒヤリとした"
    PHOTO = "photo", "写真"


# What a leader reads of the center's yes and of its no. A yes to work that was asked for besides is no leave to do it.
REPLIES: Final = {
    Said.SOS: ("対応しました", "まちがいと分かりました"),
    Said.INJURY: ("聞きました。対応しました", "聞きました"),
    Said.REPORT: ("聞きました", "聞きました"),
    Said.GONE: ("聞きました。出発を記録しました", "聞きました"),
    Said.EXTRA: ("センターで受け付けました。今日は引き受けないでください", "引き受けないでください"),
    Said.LATER: ("戻る時刻をのばしました", "のばせません"),
    Said.PEOPLE: ("人を送ります", "人は送れません"),
    Said.TOOLS: ("届けます", "届けられません"),
    Said.NEAR_MISS: ("聞きました", "聞きました"),
    Said.PHOTO: ("見ました", "使いません"),
}


class FieldNoteQuerySet(models.QuerySet["FieldNote"]):
    def waiting(self) -> Self:
        """Nobody has answered."""
        return self.filter(answered_at__isnull=True)


class FieldNote(models.Model):
    """Told at `told_at` (by the leader's phone, corrected; never before the departure, never in the future), here since
    `received_at`. `op`: what the phone calls it; sent again, it is the same note. `until`: of LATER, the new return.

    `agreed` and `answer` are the center's word: work that was asked for besides is refused with agreed=False.
    """

    operation = models.ForeignKey(
        "operations.Operation", on_delete=models.PROTECT, related_name="field_notes"
    )
    dispatch = models.ForeignKey("dispatch.Dispatch", on_delete=models.PROTECT, related_name="field_notes")
    said = models.CharField(max_length=10, choices=Said.choices)
    text = models.CharField("内容", max_length=LONGEST, blank=True)
    count = models.PositiveSmallIntegerField("人数", null=True)
    until = models.DateTimeField("戻る時刻", null=True)
    lat = models.FloatField(null=True)
    lng = models.FloatField(null=True)
    photo = models.ForeignKey("photos.Photo", null=True, on_delete=models.SET_NULL, related_name="+")
    op = models.UUIDField(unique=True)
    told_at = models.DateTimeField()
    received_at = models.DateTimeField()
    agreed = models.BooleanField(null=True)
    answer = models.CharField("リーダーへの返事", max_length=200, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    objects = FieldNoteQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["told_at", "id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["operation"],
                condition=models.Q(answered_at__isnull=True),
                name="field_notes_that_wait",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.said} of {self.dispatch_id}"

    @property
    def is_sos(self) -> bool:
        return self.said == Said.SOS

    @property
    def minutes_late(self) -> int:
        """How long the phone had kept it before it got through."""
        return int((self.received_at - self.told_at).total_seconds() // 60)

    @property
    def words(self) -> str:
        """「人を増やしてほしい　3人　2階が重い」"""
        more = [f"{self.count}人" if self.count else "", self.text]
        return "　".join(word for word in (self.get_said_display(), *more) if word)

    @property
    def reply(self) -> str:
        """The center's word in short; empty while nobody has answered."""
        if self.answered_at is None:
            return ""
        yes, no = REPLIES[Said(self.said)]
        return yes if self.agreed else no
