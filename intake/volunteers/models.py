"""Volunteers and their cards belong to the center and outlive every operation."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import ClassVar, Final, Self

from django.db import models
from django.db.models.functions import Coalesce

from dvc.core.japanese import kana_key, search_key
from dvc.operations.models import Center, Operation
from intake.people.models import person_query

ADULT_AGE = 18


class Skill(models.TextChoices):
    """Licences and skills a request may ask for; codes as in the solver's problems."""

    DRIVER = "driver", "運転（普通車・軽トラ）"
    CHAINSAW = "chainsaw", "チェーンソー"
    HEAVY = "heavy", "重機"
    ELECTRIC = "electric", "電気"
    CARPENTRY = "carpentry", "大工・建築"
    NURSE = "nurse", "看護"
    CARE = "care", "介護・福祉"
    COUNSELOR = "counselor", "相談・傾聴"
    COOK = "cook", "調理・配食"
    INTERPRETER = "interpreter", "通訳"
    PC = "pc", "パソコン・事務"


class WorkCategory(models.TextChoices):
    """依頼分類 (domain.md §2.11): what a work item is, and what a volunteer likes or avoids."""

    FURNITURE_OUT = "furniture_out", "家財の運び出し"
    MUD_REMOVAL = "mud_removal", "泥かき（土砂の撤去）"
    UNDER_FLOOR = "under_floor", "床下の作業"
    CLEANING = "cleaning", "清掃・洗浄"
    DEBRIS = "debris", "災害ごみの運搬"
    TIDY_UP = "tidy_up", "片付け"
    MOVING = "moving", "引越しの手伝い"
    SUPPLIES = "supplies", "物資の仕分け"
    MEALS = "meals", "炊き出し・配食"
    COMPANY = "company", "見守り・話し相手"
    CHILDREN = "children", "子どもの見守り"
    PAPERWORK = "paperwork", "申請・情報の手伝い"
    CENTER_STAFF = "center_staff", "センターの手伝い"
    OTHER = "other", "その他"


class Gender(models.TextChoices):
    FEMALE = "F", "女性"
    MALE = "M", "男性"
    UNSAID = "", "答えない"


class VehicleKind(models.TextChoices):
    NONE = "", "なし"
    CAR = "car", "乗用車"
    KEI_TRUCK = "kei_truck", "軽トラック"
    TRUCK = "truck", "トラック"
    VAN = "van", "ワゴン車"


class Source(models.TextChoices):
    DESK = "desk", "窓口（職員が入力）"
    WEB = "web", "本人（ウェブ）"
    IMPORT = "import", "取り込み"
    DRILL = "drill", "訓練"


class Group(models.Model):
    """People who registered together. An atomic group works as one team; others may be split."""

    center = models.ForeignKey("operations.Center", on_delete=models.PROTECT, related_name="groups")
    name = models.CharField("団体名", max_length=80)
    atomic = models.BooleanField("分けずに活動する", default=True)
    min_part = models.PositiveIntegerField("分けるときの最少人数", default=2)
    leader = models.ForeignKey(
        "Volunteer",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name="代表の人",
    )
    # The symbol on the group's sheet, made when it is printed first: 16 random bytes in hex, and the signed text.
    sheet_id = models.CharField(max_length=32, blank=True, editable=False)
    sheet_token = models.CharField(max_length=147, blank=True, editable=False)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class VolunteerQuerySet(models.QuerySet["Volunteer"]):
    def matching(self, text: str) -> Self:
        """By name in any variant, kana or phone. Short codes are looked up through `Card.objects.by_short_code`.

        Nobody for a text without letters or digits.
        """
        return self.filter(person_query(text)) if search_key(text) else self.none()

    def known_in(self, operation: Operation) -> Self:
        """The center's real people; in a drill also the people invented for that drill."""
        known = models.Q(drill__isnull=True)
        if operation.is_drill:
            known |= models.Q(drill=operation)
        return self.filter(known, center_id=operation.center_id)

    def without_card(self) -> Self:
        """Those who hold no card now."""
        return self.exclude(cards__state=CardState.BOUND)

    def look_alikes(self, *, name: str, kana: str, phone_digits: str, birth_date: date | None) -> Self:
        """Registered people who may be the same person: same phone, or same name or reading and no other birthday."""
        same_name = models.Q(name_key=search_key(name))
        if kana_key(kana):
            same_name |= models.Q(kana_key=kana_key(kana))
        if birth_date is not None:
            same_name &= models.Q(birth_date=birth_date) | models.Q(birth_date__isnull=True)
        same = same_name | models.Q(phone_digits=phone_digits) if phone_digits else same_name
        return self.living().filter(same)

    def standing_for(self, registrations: Collection[int]) -> Self:
        """Who stands for these registrations (ids), each once: a list may be older than a merge."""
        named = Volunteer.objects.filter(pk__in=registrations).order_by()
        return self.filter(pk__in=named.values_list(Coalesce("merged_into_id", "pk")))

    def living(self) -> Self:
        """Those still registered, each once."""
        return self.filter(withdrawn_at__isnull=True, merged_into__isnull=True)


class Volunteer(models.Model):
    """A registered volunteer. `name` may hold any character (𠮷 﨑 髙); `kana` may be empty for people without one."""

    center = models.ForeignKey("operations.Center", on_delete=models.PROTECT, related_name="volunteers")
    drill = models.ForeignKey(
        "operations.Operation", null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="the drill this invented person belongs to; empty for real people",
    )  # fmt: skip
    family_name = models.CharField("姓", max_length=40)
    given_name = models.CharField("名", max_length=40, blank=True)
    family_kana = models.CharField("せい", max_length=60, blank=True)
    given_kana = models.CharField("めい", max_length=60, blank=True)
    name_key = models.CharField(max_length=100, db_index=True, editable=False)
    kana_key = models.CharField(max_length=140, db_index=True, editable=False)
    phone = models.CharField("電話番号（携帯）", max_length=20, blank=True)
    phone_digits = models.CharField(max_length=20, db_index=True, editable=False)
    email = models.EmailField("メール", blank=True)
    birth_date = models.DateField("生年月日", null=True, blank=True)
    gender = models.CharField("性別（任意）", max_length=1, choices=Gender.choices, blank=True)
    postal_code = models.CharField("郵便番号", max_length=8, blank=True)
    address = models.CharField("住所", max_length=120, blank=True)
    emergency_name = models.CharField("緊急連絡先の氏名", max_length=60, blank=True)
    emergency_phone = models.CharField("緊急連絡先の電話", max_length=20, blank=True)
    emergency_relation = models.CharField("続柄", max_length=20, blank=True)
    group = models.ForeignKey(
        Group, null=True, blank=True, on_delete=models.PROTECT, related_name="volunteers"
    )
    listed_at = models.DateTimeField(
        null=True, editable=False, help_text="when they were put on the list of their group"
    )
    guardian = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="wards",
        verbose_name="付き添う保護者",
    )
    guardian_consent = models.BooleanField("保護者の同意あり", default=False)
    said_minor = models.BooleanField(
        "18歳未満と聞いた",
        default=False,
        help_text="asked at the desk of somebody whose birth date is not known",
    )
    skills = models.JSONField("資格・特技", default=list, blank=True)
    languages = models.JSONField("話せる言葉", default=list, blank=True)
    experience = models.PositiveSmallIntegerField(
        "活動経験", default=0, help_text="0 first time … 3 can lead anywhere"
    )
    stamina = models.PositiveSmallIntegerField("体力", default=2, help_text="1 light work … 3 heavy work")
    vehicle = models.CharField("乗ってきた車", max_length=10, choices=VehicleKind.choices, blank=True)
    vehicle_seats = models.PositiveSmallIntegerField("乗れる人数（運転者を含む）", default=0)
    prefers = models.JSONField("希望する活動", default=list, blank=True)
    avoids = models.JSONField("できない作業", default=list, blank=True)
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.DESK)
    consented_at = models.DateTimeField("注意事項への同意", null=True)
    blocked_reason = models.CharField("受付を止める理由", max_length=200, blank=True)
    registered_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    merged_into = models.ForeignKey(
        "self", null=True, editable=False, on_delete=models.PROTECT, related_name="merged",
        help_text="the same person's other registration, which stands for this one",
    )  # fmt: skip
    form_token = models.UUIDField(
        null=True,
        unique=True,
        editable=False,
        help_text="the form this came from: sent twice, registered once",
    )

    objects = VolunteerQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["kana_key", "id"]

    def __str__(self) -> str:
        return f"volunteer {self.pk}"

    @property
    def standing(self) -> Volunteer:
        """The registration that stands for this person: itself, or the one it was merged into."""
        return self.merged_into.standing if self.merged_into else self

    def moment(self, operation: Operation, real: datetime) -> datetime:
        """What the clock this registration lives by reads at the real moment `real`: the drill's for its invented people.
        What a real person does in a drill outlives it, and the drill's clock may be months ahead."""
        return operation.moment(real) if self.drill_id else real

    @property
    def name(self) -> str:
        """As printed and read aloud: 「髙﨑 一郎」."""
        return f"{self.family_name} {self.given_name}".strip()

    @property
    def kana(self) -> str:
        return f"{self.family_kana} {self.given_kana}".strip()

    def age_on(self, day: date) -> int | None:
        """Full years on `day`, None without a birth date."""
        if self.birth_date is None:
            return None
        return (
            day.year
            - self.birth_date.year
            - ((day.month, day.day) < (self.birth_date.month, self.birth_date.day))
        )

    def consent_is_outdated(self, since: datetime | None) -> bool:
        """The notes changed at `since` (None: never) and this person has not agreed to the new ones."""
        return since is not None and (self.consented_at is None or self.consented_at < since)

    def is_minor_on(self, day: date) -> bool:
        """Under 18; without a birth date a person counts as what they said at the desk, of age when nobody asked."""
        age = self.age_on(day)
        return self.said_minor if age is None else age < ADULT_AGE


class Merge(models.Model):
    """Two registrations of one person became one. `moved`: what went along, so that it can go back."""

    twin = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="merges")
    into = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    undone_at = models.DateTimeField(null=True)
    moved = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["twin"],
                condition=models.Q(undone_at__isnull=True),
                name="one_standing_merge_per_twin",
            ),
            models.CheckConstraint(
                condition=~models.Q(twin=models.F("into")), name="nobody_is_merged_into_themself"
            ),
        ]

    def __str__(self) -> str:
        return f"merge of {self.twin_id} into {self.into_id}"


class InsurancePlan(models.TextChoices):
    BASIC = "basic", "基本プラン"
    QUAKE = "quake", "天災・地震補償プラン"
    INFECTION = "infection", "特定感染症重点プラン"


class InsurancePolicyQuerySet(models.QuerySet["InsurancePolicy"]):
    def covering(self, at: datetime) -> Self:
        """Policies in force at the moment `at`."""
        return self.filter(valid_from__lte=at, valid_to__gt=at)


class InsurancePolicy(models.Model):
    """ボランティア活動保険 of one person: in force from `valid_from` (0:00 of the day after joining, or the
    moment of joining under the large-disaster special rule) until the end of the fiscal year, 31 March 24:00
    (source: domain.md §3.5)."""

    volunteer = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="policies")
    plan = models.CharField(
        "プラン", max_length=10, choices=InsurancePlan.choices, default=InsurancePlan.BASIC
    )
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField()
    evidence = models.CharField("確認の方法", max_length=40, blank=True)
    recorded_at = models.DateTimeField()

    objects = InsurancePolicyQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-valid_to"]

    def __str__(self) -> str:
        return f"policy of {self.volunteer_id}"

    def covers(self, at: datetime) -> bool:
        """In force at the moment `at`; the same question as `InsurancePolicyQuerySet.covering`."""
        return self.valid_from <= at < self.valid_to


class CardKey(models.Model):
    """A public key of the center's cards. The private key lies in settings.KEYS_DIR and never leaves the server."""

    center = models.ForeignKey("operations.Center", on_delete=models.PROTECT, related_name="card_keys")
    kid = models.PositiveSmallIntegerField()
    public_key = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["center", "kid"], name="one_card_key_per_kid"),
        ]

    def __str__(self) -> str:
        return f"key {self.kid}"


class CardState(models.TextChoices):
    BLANK = "blank", "未使用"
    BOUND = "bound", "使用中"
    LOST = "lost", "紛失"
    REPLACED = "replaced", "再発行済み"


class CardQuerySet(models.QuerySet["Card"]):
    def revoked(self) -> Self:
        return self.filter(state__in=[CardState.LOST, CardState.REPLACED])

    def by_short_code(self, center: Center, code: str) -> Self:
        """The card with these eight letters (as `short_code.parse` gives them): one or none."""
        return self.filter(center=center, short_code=code)


MISTAKE: Final = "mistake"  # why a card ended that was given to the wrong person


class Card(models.Model):
    """A printed QR card. `card_id`: 16 random bytes as 32 hex digits. `holder` is the active binding; each
    binding's story is kept in `CardBinding`. `mistaken_until`: until when a wrong person had it, the last time; read with
    every scan, so that one of that time is told apart without a query."""

    center = models.ForeignKey("operations.Center", on_delete=models.PROTECT, related_name="cards")
    card_id = models.CharField(max_length=32, unique=True)
    token = models.CharField(max_length=147, unique=True)
    short_code = models.CharField(max_length=8)
    state = models.CharField(max_length=10, choices=CardState.choices, default=CardState.BLANK)
    holder = models.ForeignKey(
        Volunteer, null=True, blank=True, on_delete=models.PROTECT, related_name="cards"
    )
    stock = models.ForeignKey("CardStock", null=True, on_delete=models.PROTECT, related_name="cards")
    issued_on = models.DateField()
    expires_on = models.DateField(null=True)
    mistaken_until = models.DateTimeField(null=True)

    objects = CardQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["center", "short_code"], name="one_card_per_short_code"),
            models.UniqueConstraint(
                fields=["holder"], condition=models.Q(state="bound"), name="one_live_card_per_volunteer"
            ),
            models.CheckConstraint(
                condition=models.Q(state="blank", holder__isnull=True) | ~models.Q(state="blank"),
                name="a_blank_card_has_no_holder",
            ),
        ]

    def __str__(self) -> str:
        return f"card {self.short_code}"

    def expired(self, on: date) -> bool:
        """Whether its last good day lies before `on`: a day outside, as it is printed and as a tablet's own calendar says,
        also in a drill whose clock is months ahead."""
        return self.expires_on is not None and self.expires_on < on


class CardStock(models.Model):
    """A batch of cards signed and printed together."""

    center = models.ForeignKey("operations.Center", on_delete=models.PROTECT, related_name="card_stocks")
    drill = models.ForeignKey(
        "operations.Operation", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    count = models.PositiveIntegerField()
    created_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    form_token = models.UUIDField(null=True, unique=True, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return f"stock {self.pk}"


class CardBindingQuerySet(models.QuerySet["CardBinding"]):
    def mistaken(self, at: datetime) -> Self:
        """Those that had been a mistake and stood at that moment."""
        return self.filter(end_reason=MISTAKE, bound_at__lte=at, ended_at__gt=at)


class CardBinding(models.Model):
    """Who held which card from when to when, and why it ended."""

    card = models.ForeignKey(Card, on_delete=models.CASCADE, related_name="bindings")
    volunteer = models.ForeignKey(Volunteer, on_delete=models.PROTECT, related_name="bindings")
    bound_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=20, blank=True)

    objects = CardBindingQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-bound_at", "-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["card"], condition=models.Q(ended_at__isnull=True), name="one_live_binding_per_card"
            ),
        ]

    def __str__(self) -> str:
        return f"binding of {self.card_id}"
