"""One register of residents: where they live and who they are."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models

from dvc.core.addresses import Address, parse, within
from dvc.core.japanese import kana_key, phone_digits, search_key
from dvc.operations.models import Operation
from intake.people.naming import Human, human


class Town(models.Model):
    """A 町丁目 (town, with its 小字 when there is one) and its centroid, degrees WGS84."""

    center = models.ForeignKey("operations.Center", on_delete=models.CASCADE, related_name="towns")
    name = models.CharField(max_length=60)
    koaza = models.CharField(max_length=60, blank=True)
    kana = models.CharField(max_length=120, blank=True)
    lat = models.FloatField()
    lng = models.FloatField()

    class Meta:
        ordering: ClassVar[list[str]] = ["name", "koaza"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["center", "name", "koaza"], name="one_town_per_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name}{self.koaza}"


class PostalCode(models.Model):
    """A postal code and a town it stands for, of the file the center loaded last. `town` is empty for a whole city."""

    center = models.ForeignKey("operations.Center", on_delete=models.CASCADE, related_name="+")
    code = models.CharField(max_length=7)
    city = models.CharField(max_length=60)
    town = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["center", "code", "city", "town"], name="one_row_per_code_and_town"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code[:3]}-{self.code[3:]} {self.city}{self.town}"


class Precision(models.TextChoices):
    PIN = "pin", "地図で指定"
    TOWN = "town", "町丁目の中心"
    NONE = "none", "場所未定"


class Household(models.Model):
    """A house where somebody lives. `lat`/`lng` come from a pin or from the town's centroid (`precision`)."""

    center = models.ForeignKey("operations.Center", on_delete=models.PROTECT, related_name="households")
    drill = models.ForeignKey(
        "operations.Operation", null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="the drill this invented house belongs to; empty for real ones",
    )  # fmt: skip
    town = models.ForeignKey(Town, null=True, blank=True, on_delete=models.PROTECT)
    address = models.CharField("住所", max_length=120, blank=True)
    address_key = models.CharField(max_length=160, db_index=True, editable=False)
    unit_key = models.CharField(
        max_length=80,
        default="",
        db_index=True,
        editable=False,
        help_text="building and room, folded; empty for a house",
    )
    landmark = models.CharField("目印・行き方", max_length=120, blank=True)
    lat = models.FloatField(null=True)
    lng = models.FloatField(null=True)
    precision = models.CharField(max_length=4, choices=Precision.choices, default=Precision.NONE)
    lives_alone = models.BooleanField("一人暮らし", default=False)
    members = models.CharField("同居の人", max_length=120, blank=True)
    created_at = models.DateTimeField()
    merged_into = models.ForeignKey(
        "self", null=True, editable=False, on_delete=models.PROTECT, related_name="merged",
        help_text="the other entry of the same house, which stands for this one",
    )  # fmt: skip

    def __str__(self) -> str:
        return f"household {self.pk}"

    @property
    def area(self) -> str:
        """町丁目 for a list; of a house whose address fits none, that. Empty where nothing is known."""
        return str(self.town) if self.town else "町丁目は未確認" if self.address else ""

    @property
    def where(self) -> str:
        """町丁目 and address as a person reads them, the town's name once."""
        town = str(self.town) if self.town else ""
        if self.address and town and parse(self.address).area.startswith(parse(town).area):
            return self.address
        return f"{town}{self.address}"

    @property
    def place(self) -> Address:
        """The address in parts that can be compared."""
        return within(str(self.town) if self.town else "", self.address, city=self.center.city)


class PersonQuerySet(models.QuerySet["Person"]):
    def matching(self, text: str) -> Self:
        """People whose name, kana or phone contains `text` in any common writing."""
        return self.filter(person_query(text))

    def known_in(self, operation: Operation) -> Self:
        """The center's real people; in a drill the people invented for that drill instead."""
        return self.filter(center_id=operation.center_id, drill=operation if operation.is_drill else None)


def person_query(text: str) -> models.Q:
    """The condition shared by every search for a named human: name key, kana key, phone digits."""
    found = models.Q(name_key__contains=search_key(text)) | models.Q(kana_key__contains=kana_key(text))
    digits = phone_digits(text)
    if len(digits) >= 4:
        found |= models.Q(phone_digits__contains=digits)
    return found


class Person(models.Model):
    """A resident, a relative who calls for one, or another contact. Names are kept as typed; keys are for search."""

    center = models.ForeignKey("operations.Center", on_delete=models.PROTECT, related_name="people")
    drill = models.ForeignKey(
        "operations.Operation", null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="the drill this invented person belongs to; empty for real people",
    )  # fmt: skip
    household = models.ForeignKey(
        Household, null=True, blank=True, on_delete=models.PROTECT, related_name="people"
    )
    name = models.CharField("氏名", max_length=80, blank=True)
    kana = models.CharField("ふりがな", max_length=120, blank=True)
    phone = models.CharField("電話番号", max_length=20, blank=True)
    name_key = models.CharField(max_length=100, db_index=True, editable=False)
    kana_key = models.CharField(max_length=140, db_index=True, editable=False)
    given_key = models.CharField(max_length=100, default="", db_index=True, editable=False)
    given_kana_key = models.CharField(max_length=140, default="", db_index=True, editable=False)
    phone_digits = models.CharField(max_length=20, db_index=True, editable=False)
    phone_reversed = models.CharField(
        max_length=20,
        default="",
        db_index=True,
        editable=False,
        help_text="from the last digit: 下4けた is a beginning",
    )
    birth_year = models.PositiveIntegerField("生まれた年", null=True, blank=True)
    note = models.CharField("配慮すること", max_length=300, blank=True)
    created_at = models.DateTimeField()
    merged_into = models.ForeignKey(
        "self", null=True, editable=False, on_delete=models.PROTECT, related_name="merged",
        help_text="the other entry of the same person, which stands for this one",
    )  # fmt: skip

    objects = PersonQuerySet.as_manager()

    def __str__(self) -> str:
        return f"person {self.pk}"

    @property
    def human(self) -> Human:
        """What is compared when somebody calls."""
        return human(self.name, self.kana, self.phone, self.birth_year)


class MergeOfTwo(models.Model):
    """Two entries of the register became one. `moved`: what went along, so that it can go back."""

    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    undone_at = models.DateTimeField(null=True)
    moved = models.JSONField(default=dict)

    class Meta:
        abstract = True


class PersonMerge(MergeOfTwo):
    """`twin` is the same person as `into`."""

    twin = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="merges")
    into = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="took_in")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["twin"],
                condition=models.Q(undone_at__isnull=True),
                name="one_standing_merge_per_person",
            ),
            models.CheckConstraint(
                condition=~models.Q(twin=models.F("into")), name="no_person_is_merged_into_themself"
            ),
        ]

    def __str__(self) -> str:
        return f"merge of person {self.twin_id} into {self.into_id}"


class HouseholdMerge(MergeOfTwo):
    """`twin` is the same house as `into`."""

    twin = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="merges")
    into = models.ForeignKey(Household, on_delete=models.CASCADE, related_name="took_in")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["twin"],
                condition=models.Q(undone_at__isnull=True),
                name="one_standing_merge_per_house",
            ),
            models.CheckConstraint(
                condition=~models.Q(twin=models.F("into")), name="no_house_is_merged_into_itself"
            ),
        ]

    def __str__(self) -> str:
        return f"merge of household {self.twin_id} into {self.into_id}"
