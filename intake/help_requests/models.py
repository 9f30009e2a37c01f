"""Needs: what residents ask for, the work it takes, and every step until somebody can say it is done."""

from __future__ import annotations

from datetime import datetime, time
from typing import ClassVar, Self

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
    DUPLICATE = "duplicate", "重複"


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


class NeedQuerySet(models.QuerySet["Need"]):
    def open(self) -> Self:
        """Still ours to do something about."""
        return self.exclude(
            state__in=[
                NeedState.COMPLETED, NeedState.DECLINED, NeedState.REFERRED,
                NeedState.WITHDRAWN, NeedState.UNREACHABLE, NeedState.DUPLICATE,
            ]
        )  # fmt: skip

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
    needs_crisis = models.BooleanField("危機介入が必要", default=False)
    needs_watch = models.BooleanField("完了後も見守る", default=False)
    consent_to_share = models.BooleanField("情報共有の同意", default=False)
    held_reason = models.CharField("保留の理由", max_length=120, blank=True)
    closed_reason = models.CharField("終了の理由", max_length=200, blank=True)
    duplicate_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="duplicates")
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

    def days_waited(self, at: datetime) -> int:
        return max(0, (at - self.received_at).days)


class WorkState(models.TextChoices):
    OPEN = "open", "これから"
    LEASED = "leased", "チームあり"
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
    """Every step of a need: from, to, who, when, why (and who was told, for an ending)."""

    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="changes")
    from_state = models.CharField(max_length=12, choices=NeedState.choices, blank=True)
    to_state = models.CharField(max_length=12, choices=NeedState.choices)
    reason = models.CharField(max_length=200, blank=True)
    told = models.CharField("だれに伝えたか", max_length=80, blank=True)
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

    class Meta:
        ordering: ClassVar[list[str]] = ["at"]

    def __str__(self) -> str:
        return f"caller for {self.need}"
