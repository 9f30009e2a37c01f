"""Needs: what residents ask for, the work it takes, and every step until somebody can say it is done."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import ClassVar, Final, Self

from django.db import models

from dvc.core.japanese import kana_key, phone_digits, search_key
from intake.volunteers.models import WorkCategory


class NeedState(models.TextChoices):
    """Store fine, show coarse (`COARSE`). The allowed steps are `intake.help_requests.states.STEPS`."""

    RECEIVED = "received", "受付"
    TRIAGE = "triage", "確認中"
    SURVEY_WAIT = "survey_wait", "調査待ち"
    SURVEYED = "surveyed", "調査済"
    READY = "ready", "マッチング待ち"
    ASSIGNED = "assigned", "派遣予定"
    IN_PROGRESS = "in_progress", "活動中"
    CONTINUING = "continuing", "継続"
    COMPLETED = "completed", "完了"
    ON_HOLD = "on_hold", "保留"
    DECLINED = "declined", "対応不可"
    REFERRED = "referred", "他機関へ"
    WITHDRAWN = "withdrawn", "取下げ"
    UNREACHABLE = "unreachable", "連絡不通"
    DONE_OTHERS = "done_others", "ほかで済んだ"
    DUPLICATE = "duplicate", "重複"


# Nothing more is to be done here, until somebody opens it again.
CLOSED = frozenset({
    NeedState.COMPLETED, NeedState.DECLINED, NeedState.REFERRED, NeedState.WITHDRAWN, NeedState.UNREACHABLE,
    NeedState.DONE_OTHERS, NeedState.DUPLICATE,
})  # fmt: skip
# Somebody of a team has it in hand, and the leader's report says how it goes on.
WITH_A_TEAM = frozenset({NeedState.ASSIGNED, NeedState.IN_PROGRESS})


class Method(models.TextChoices):
    PHONE = "phone", "電話"
    COUNTER = "counter", "窓口"
    VISIT = "visit", "訪問"
    WEB = "web", "ウェブ"
    FAX = "fax", "FAX"
    OUTREACH = "outreach", "巡回"
    PARTNER = "partner", "他機関"
    OTHER = "other", "その他"


class Hazard(models.TextChoices):
    """Found or told. Those in `BLOCKING` keep ordinary volunteers out until somebody clears them."""

    NAILS = "nails", "釘・ガラス"
    DUST = "dust", "粉じん・悪臭"
    HEAT = "heat", "高温"
    STAIRS = "stairs", "2階・急な階段"
    ROAD = "road", "道が狭い・通行止め"
    ELECTRIC = "electric", "漏電のおそれ"
    GAS = "gas", "ガスのおそれ"
    ASBESTOS = "asbestos", "石綿（アスベスト）のおそれ"
    RED_TAG = "red_tag", "応急危険度判定 赤・黄"
    HEIGHT = "height", "屋根・高所"
    CHEMICAL = "chemical", "薬品"
    BEES = "bees", "蜂・害獣"


BLOCKING = frozenset(
    {Hazard.ELECTRIC, Hazard.GAS, Hazard.ASBESTOS, Hazard.RED_TAG, Hazard.HEIGHT, Hazard.CHEMICAL}
)


class Tool(models.TextChoices):
    """資機材 (domain.md §2.11) that a work item may ask for."""

    SHOVEL = "shovel", "角スコップ"
    SPADE = "spade", "剣スコップ"
    WHEELBARROW = "wheelbarrow", "一輪車"
    SANDBAG = "sandbag", "土のう袋（10枚）"
    BRUSH = "brush", "デッキブラシ"
    CROWBAR = "crowbar", "バール"
    WASHER = "washer", "高圧洗浄機"
    SHEET = "sheet", "ブルーシート"
    ROPE = "rope", "ロープ"
    LADDER = "ladder", "はしご"
    CART = "cart", "台車"
    BLOWER = "blower", "送風機"
    GENERATOR = "generator", "発電機"
    CHAINSAW = "chainsaw", "チェーンソー"


UNTOUCHED = timedelta(days=2)


class NeedQuerySet(models.QuerySet["Need"]):
    def open(self) -> Self:
        """Still ours to do something about."""
        return self.exclude(state__in=CLOSED)

    def untouched(self, at: datetime) -> Self:
        """Open, with no team, and nobody has done anything about them for `UNTOUCHED` (domain.md §11)."""
        return self.open().exclude(state__in=WITH_A_TEAM).filter(touched_at__lte=at - UNTOUCHED)

    def watched(self) -> Self:
        """The work is over, and somebody is to look after the household all the same (見守り)."""
        return self.filter(state=NeedState.COMPLETED, needs_watch=True)

    def ready(self) -> Self:
        """Waiting for a team."""
        return self.filter(state=NeedState.READY)

    def matching(self, text: str) -> Self:
        """By number (12, N12), by name, reading or phone of resident or caller, or by 町丁目. All words must fit.

        Nothing for a text without letters or digits.
        """
        found = self if search_key(text) else self.none()
        for word in text.split():
            found = found.filter(_says(word))
        return found


def _says(word: str) -> models.Q:
    """One word of a search: `word` as typed, in any common writing."""
    key, digits = search_key(word), phone_digits(word)
    number = key.removeprefix("n")
    said = models.Q(household__town__name__contains=word) | models.Q(summary__contains=word)
    if number.isdecimal() and len(number) <= 9:
        said |= models.Q(number=int(number))
    for person in ("resident", "requester"):
        if key:
            said |= models.Q(**{f"{person}__name_key__contains": key})
            said |= models.Q(**{f"{person}__kana_key__contains": kana_key(word)})
        if len(digits) >= 4:
            said |= models.Q(**{f"{person}__phone_digits__contains": digits})
    return said


class Need(models.Model):
    """A request of one household. `number` is what people say aloud: counted up inside the operation."""

    operation = models.ForeignKey("operations.Operation", on_delete=models.PROTECT, related_name="needs")
    number = models.PositiveIntegerField()
    household = models.ForeignKey(
        "people.Household", null=True, on_delete=models.PROTECT, related_name="needs"
    )
    requester = models.ForeignKey(
        "people.Person", null=True, on_delete=models.PROTECT, related_name="requested"
    )
    resident = models.ForeignKey("people.Person", null=True, on_delete=models.PROTECT, related_name="needs")
    relation = models.CharField("本人との関係", max_length=20, blank=True)
    method = models.CharField("受付方法", max_length=10, choices=Method.choices, default=Method.PHONE)
    state = models.CharField(max_length=12, choices=NeedState.choices, default=NeedState.RECEIVED)
    summary = models.CharField("ひとことで", max_length=80, blank=True)
    description = models.TextField("依頼の内容", max_length=4000, blank=True)
    health_note = models.CharField("体の具合・持病", max_length=300, blank=True)
    lifelines = models.JSONField("使えないもの（水道・電気など）", default=list, blank=True)
    damage_kinds = models.JSONField("被災の状況", default=list, blank=True)
    hazards = models.JSONField("危険なもの", default=list, blank=True)
    hazards_cleared = models.BooleanField("危険は確認済み・入ってよい", default=False)
    hazards_cleared_note = models.CharField("だれが何を確認したか", max_length=120, blank=True)
    parking = models.CharField("駐車・搬入", max_length=120, blank=True)
    attendance = models.CharField("立ち会う人・希望日", max_length=120, blank=True)
    open_from = models.TimeField("作業できる時刻（から）", default=time(9, 0))
    open_until = models.TimeField("作業できる時刻（まで）", default=time(15, 30))
    unconfirmed = models.BooleanField(
        "電話での確認がまだ",
        default=False,
        help_text="came without a conversation; nobody is sent before one",
    )
    needs_crisis = models.BooleanField("危機介入が必要", default=False)
    needs_watch = models.BooleanField("完了後も見守る", default=False)
    consent_to_share = models.BooleanField("情報共有の同意", default=False)
    held_reason = models.CharField("保留の理由", max_length=120, blank=True)
    closed_reason = models.CharField("終了の理由", max_length=200, blank=True)
    duplicate_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="duplicates")
    carried = models.JSONField(
        default=dict, blank=True, editable=False,
        help_text="what the first took over from this duplicate: {version it had then, before: {field: its own value}}",
    )  # fmt: skip
    received_at = models.DateTimeField()
    received_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    ready_at = models.DateTimeField(null=True)
    touched_at = models.DateTimeField()
    form_token = models.UUIDField(
        null=True, editable=False, help_text="the form this came from: sent twice, received once"
    )
    version = models.PositiveIntegerField(default=1)

    objects = NeedQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["operation", "number"], name="one_need_per_number"),
            models.UniqueConstraint(fields=["operation", "form_token"], name="one_need_per_form"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["operation", "state"], name="needs_by_state"),
        ]

    def __str__(self) -> str:
        return f"N{self.number}"

    @property
    def who(self) -> str:
        """Whose need it is, as a list shows it; empty while nobody has said a name."""
        names = [person.name for person in (self.resident, self.requester) if person is not None]
        return next((name for name in names if name), "")

    @property
    def standing(self) -> Need:
        """The request this one was merged into, itself otherwise. One query a step."""
        need = self
        while need.duplicate_of is not None:
            need = need.duplicate_of
        return need

    def days_waited(self, at: datetime) -> int:
        return max(0, (at - self.received_at).days)


class WorkState(models.TextChoices):
    OPEN = "open", "これから"
    LEASED = "leased", "班あり"
    WORKING = "working", "作業中"
    DONE = "done", "済み"
    NOT_POSSIBLE = "not_possible", "できなかった"
    BLOCKED = "blocked", "止まっている"


class WorkItem(models.Model):
    """One piece of work at a need: people, skills, tools, time. Matching proposes a team for one need's open items."""

    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="items")
    category = models.CharField("依頼分類", max_length=14, choices=WorkCategory.choices)
    detail = models.CharField("量・場所", max_length=120, blank=True)
    people_min = models.PositiveSmallIntegerField("最少の人数", default=2)
    people_ideal = models.PositiveSmallIntegerField("ほしい人数", default=4)
    people_max = models.PositiveSmallIntegerField("多くても", default=8)
    minutes = models.PositiveSmallIntegerField("作業の時間（分）", default=120)
    skills = models.JSONField("必要な技能", default=dict, blank=True, help_text="{skill code: people}")
    tools = models.JSONField("必要な資機材", default=dict, blank=True, help_text="{tool code: count}")
    needs_truck = models.BooleanField("軽トラックが要る", default=False)
    women_min = models.PositiveSmallIntegerField("女性の人数", default=0)
    women_only = models.BooleanField("女性だけで", default=False)
    language = models.CharField("言葉", max_length=10, blank=True)
    minors_ok = models.BooleanField("未成年も可", default=True)
    stamina_min = models.PositiveSmallIntegerField("体力", default=1)
    visits = models.PositiveSmallIntegerField("何回伺うことになりそうか", default=1)
    open_from = models.TimeField("この作業の時刻（から）", null=True, blank=True)
    open_until = models.TimeField("この作業の時刻（まで）", null=True, blank=True)
    hazards = models.JSONField("この作業で危ないもの", default=list, blank=True)
    hazards_cleared_note = models.CharField("だれが何を確認したか", max_length=120, blank=True)
    state = models.CharField(max_length=12, choices=WorkState.choices, default=WorkState.OPEN)
    estimate_reason = models.CharField("見立ての理由", max_length=200, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(people_min__gte=1)
                & models.Q(people_min__lte=models.F("people_ideal"))
                & models.Q(people_ideal__lte=models.F("people_max")),
                name="head_counts_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"item {self.pk}"


class NeedChange(models.Model):
    """Every step of a need: from, to, who, when, why; for an ending also who was told, and when.

    `code` is a reason of `answers.REASONS`, `reason` the whole of it in words.
    """

    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="changes")
    from_state = models.CharField(max_length=12, choices=NeedState.choices, blank=True)
    to_state = models.CharField(max_length=12, choices=NeedState.choices)
    reason = models.CharField(max_length=200, blank=True)
    code = models.CharField("理由の区分", max_length=20, blank=True)
    told = models.CharField("だれに伝えたか", max_length=80, blank=True)
    told_at = models.DateTimeField("伝えた時刻", null=True)
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.need}: {self.from_state} → {self.to_state}"


class UnsavedEdit(models.Model):
    """What somebody typed and could not save, because another had changed the need first: nothing typed is lost.

    `said`: [label, text] of every field that was filled in; `digest` tells a second try with the same words.
    """

    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="unsaved_edits")
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    saved_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    saved_at = models.DateTimeField(null=True)
    said = models.JSONField(default=list)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering: ClassVar[list[str]] = ["at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["need", "digest"], name="one_unsaved_edit_per_text"),
        ]

    def __str__(self) -> str:
        return f"unsaved edit of {self.need}"


class CallerNote(models.Model):
    """Somebody else called about the same need (ご家族から同内容の連絡あり): who, when, what they added."""

    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="callers")
    person = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    relation = models.CharField(max_length=20, blank=True)
    note = models.TextField(max_length=6000, blank=True)
    at = models.DateTimeField()
    merged_from = models.ForeignKey(
        Need, null=True, editable=False, on_delete=models.CASCADE, related_name="+",
        help_text="the duplicate this call was taken over from; it goes back when that was none",
    )  # fmt: skip

    class Meta:
        ordering: ClassVar[list[str]] = ["at"]

    def __str__(self) -> str:
        return f"caller for {self.need}"


class CallDraftQuerySet(models.QuerySet["CallDraft"]):
    def waiting(self) -> Self:
        """Neither a need yet nor thrown away."""
        return self.filter(need__isnull=True, dropped_at__isnull=True)


DRAFT_KEPT_FOR: Final = timedelta(days=30)  # the words of a draft that was thrown away


class CallDraft(models.Model):
    """What is typed while somebody is on the phone, kept as it is typed: another machine may go on with it.

    `fields`: {field of the sheet: [values as typed]}, emptied once it is a need (`need`). `version` counts the savings,
    so that of two machines the second is told; what it had typed goes on as a draft of its own (`copy_of`).
    """

    operation = models.ForeignKey(
        "operations.Operation", on_delete=models.PROTECT, related_name="call_drafts"
    )
    form_token = models.UUIDField(editable=False)
    fields = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    copy_of = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="copies")
    started_at = models.DateTimeField()
    started_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    need = models.ForeignKey(Need, null=True, on_delete=models.PROTECT, related_name="drafts")
    dropped_at = models.DateTimeField(null=True)
    dropped_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    dropped_reason = models.CharField(max_length=80, blank=True)

    objects = CallDraftQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["saved_at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["operation", "form_token"], name="one_draft_per_form"),
        ]

    def __str__(self) -> str:
        return f"draft {self.pk}"

    @property
    def erased_on(self) -> datetime | None:
        """When the words of a draft that was thrown away go."""
        return self.dropped_at + DRAFT_KEPT_FOR if self.dropped_at else None

    @property
    def caller(self) -> str:
        return self._typed("caller_name") or self._typed("resident_name")

    @property
    def town(self) -> str:
        return self._typed("town")

    def _typed(self, name: str) -> str:
        """What stands in that field of the sheet, empty when nothing does."""
        return str((self.fields.get(name) or [""])[0])[:80]


class TryOutcome(models.TextChoices):
    """What became of one try to reach somebody."""

    REACHED = "reached", "つながった"
    ABSENT = "absent", "不在"
    WRONG_NUMBER = "wrong_number", "番号違い"


class CallBackQuerySet(models.QuerySet["CallBack"]):
    def open(self) -> Self:
        """Somebody still waits for this call."""
        return self.filter(closed_at__isnull=True)

    def overdue(self, at: datetime) -> Self:
        return self.open().filter(due_at__lte=at)


class CallBack(models.Model):
    """A call that somebody was promised, or that has something to ask or to tell: why, and by when."""

    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="call_backs")
    why = models.CharField(max_length=120)
    due_at = models.DateTimeField()
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")

    objects = CallBackQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["due_at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["need"],
                condition=models.Q(closed_at__isnull=True),
                name="one_open_call_back_per_need",
            ),
        ]

    def __str__(self) -> str:
        return f"call back for {self.need_id}"


class CallTry(models.Model):
    """One try to call back."""

    call_back = models.ForeignKey(CallBack, on_delete=models.CASCADE, related_name="tries")
    outcome = models.CharField(max_length=12, choices=TryOutcome.choices)
    note = models.CharField(max_length=150, blank=True)
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["at", "id"]

    def __str__(self) -> str:
        return f"try {self.pk}"


class CrisisAlertQuerySet(models.QuerySet["CrisisAlert"]):
    def open(self) -> Self:
        """Still on every board."""
        return self.filter(ended_at__isnull=True)


class CrisisAlert(models.Model):
    """危機介入: stands on every board from the moment it is raised until 班長 and センター長 have both taken note
    (`CrisisAck`), or the flag was a mistake."""

    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="crisis_alerts")
    raised_at = models.DateTimeField()
    raised_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)

    objects = CrisisAlertQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["raised_at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["need"], condition=models.Q(ended_at__isnull=True), name="one_open_alert_per_need"
            ),
        ]

    def __str__(self) -> str:
        return f"crisis alert of {self.need_id}"


class AckAs(models.TextChoices):
    LEAD = "lead", "班長"
    CHIEF = "chief", "センター長"


class CrisisAck(models.Model):
    """Who took note of a crisis, by name, as which of the two, and when."""

    alert = models.ForeignKey(CrisisAlert, on_delete=models.CASCADE, related_name="acks")
    seen_as = models.CharField(max_length=5, choices=AckAs.choices)
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["alert", "seen_as"], name="one_ack_per_side"),
        ]

    def __str__(self) -> str:
        return f"{self.seen_as} saw {self.alert_id}"


class Verdict(models.TextChoices):
    """What a rule of triage advises. It advises and never refuses: boundaries differ, and a person decides."""

    DECLINE = "decline", "お受けできない"
    REFER = "refer", "ほかの機関へつなぐ"
    ASK = "ask", "班長に相談する"
    CARE = "care", "気をつけて受ける"


class TriageRule(models.Model):
    """One revision of one rule of a center: the newest `revision` counts, and the older ones are its history.

    `signs`: codes of hazards, damage kinds and work categories; `words`: parts of what was said. Any of them brings
    the rule up. `rule` is the key of a rule of `referrals.USUAL`, or one of the center's own.
    """

    center = models.ForeignKey("operations.Center", on_delete=models.CASCADE, related_name="triage_rules")
    rule = models.CharField(max_length=40)
    revision = models.PositiveIntegerField()
    title = models.CharField("何のこと", max_length=60)
    verdict = models.CharField("どうするか", max_length=8, choices=Verdict.choices, default=Verdict.DECLINE)
    signs = models.JSONField("印", default=list, blank=True)
    words = models.JSONField("話の中の言葉", default=list, blank=True)
    say = models.TextField("電話での言い方", max_length=500)
    refer = models.CharField("つなぎ先", max_length=120, blank=True)
    is_used = models.BooleanField("使う", default=True)
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["rule", "-revision"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["center", "rule", "revision"], name="one_rule_per_revision"),
        ]

    def __str__(self) -> str:
        return f"{self.rule} #{self.revision}"


class Opinion(models.TextChoices):
    """What a person said about two needs that look alike."""

    OPEN = "", "まだ"
    SAME = "same", "同じ依頼"
    TWO = "two", "別の依頼"


class Lookalike(models.Model):
    """A need that looked like an older one when it arrived, by whatever way (似た依頼): a person says what it is.

    `reasons`: in words, the strongest first; `points`: how strong (intake.people.likeness).
    """

    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="lookalikes")
    other = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="+")
    points = models.FloatField()
    reasons = models.JSONField(default=list)
    found_at = models.DateTimeField()
    opinion = models.CharField(max_length=4, choices=Opinion.choices, default=Opinion.OPEN, blank=True)
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-points", "-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["need", "other"], name="one_lookalike_per_pair"),
            models.CheckConstraint(
                condition=~models.Q(need=models.F("other")), name="no_need_looks_like_itself"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.need} looks like {self.other}"
