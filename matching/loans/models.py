"""A loan: what left a site's shelf, with whom, and how it came back."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models

from intake.help_requests.models import Tool


class Outcome(models.TextChoices):
    """How what was lent came back."""

    FINE = "fine", "返った"
    LEFT = "left", "置いてきた"
    BROKEN = "broken", "こわれた"
    LOST = "lost", "なくした"


class LoanQuerySet(models.QuerySet["Loan"]):
    def open(self) -> Self:
        """Not all of it is back."""
        return self.filter(closed_at__isnull=True)

    def of_item(self, item_id: int) -> Self:
        """Open loans of a numbered piece, the first that was told of by its own time first."""
        return self.open().filter(item=item_id).order_by("lent_at", "id")


class Loan(models.Model):
    """`count` of a tool, or one numbered piece (`item`), lent to a team or to a `person` for a `reason`. `back`: how many
    of them are accounted for, whatever became of them; `left`: how many are known to stand at a house still.

    Two desks may have lent the same piece without a network: both loans are kept, the one that was lent later is
    `disputed` until a person, or a give-back, says who has it. `op`: the tablet's operation or the form that told it.
    """

    operation = models.ForeignKey("operations.Operation", on_delete=models.PROTECT, related_name="loans")
    site = models.ForeignKey("operations.Site", on_delete=models.PROTECT, related_name="+")
    tool = models.CharField("資機材", max_length=12, choices=Tool.choices)
    item = models.ForeignKey("equipment.ToolItem", null=True, on_delete=models.PROTECT, related_name="loans")
    count = models.PositiveIntegerField("貸した数", default=1)
    back = models.PositiveIntegerField("返った数", default=0)
    left = models.PositiveIntegerField("置いてきた数", default=0)
    team = models.ForeignKey("teams.Team", null=True, on_delete=models.PROTECT, related_name="loans")
    person = models.CharField("借りた人", max_length=60, blank=True)
    phone = models.CharField("電話", max_length=20, blank=True)
    reason = models.CharField("何に使うか", max_length=120, blank=True)
    lent_at = models.DateTimeField()
    lent_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey("accounts.Device", null=True, on_delete=models.PROTECT, related_name="+")
    op = models.UUIDField(null=True, unique=True)
    closed_at = models.DateTimeField(null=True)
    disputed = models.BooleanField(default=False)
    annulled = models.BooleanField("まちがいだった", default=False)

    objects = LoanQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["lent_at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["item"],
                condition=models.Q(item__isnull=False, closed_at__isnull=True, disputed=False),
                name="one_open_loan_per_item",
            ),
            models.CheckConstraint(
                condition=models.Q(count__gte=1)
                & models.Q(back__lte=models.F("count"))
                & models.Q(left__lte=models.F("count") - models.F("back")),
                name="no_more_back_than_lent",
            ),
            models.CheckConstraint(
                condition=models.Q(item__isnull=True) | models.Q(count=1), name="a_piece_is_one"
            ),
            models.CheckConstraint(
                condition=models.Q(team__isnull=False, person="")
                | (models.Q(team__isnull=True) & ~models.Q(person="") & ~models.Q(reason="")),
                name="a_loan_is_to_a_team_or_a_person_with_reason",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["operation", "tool"], condition=models.Q(closed_at__isnull=True), name="open_loans"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.out}"

    @property
    def what(self) -> str:
        """「チェーンソー 2号」 or 「角スコップ」."""
        return str(self.item) if self.item is not None else str(Tool(self.tool).label)

    @property
    def out(self) -> int:
        """How many are still with whoever borrowed them."""
        return 0 if self.closed_at else self.count - self.back

    @property
    def who(self) -> str:
        """「3班」 or the person's name."""
        return str(self.team) if self.team is not None else f"{self.person}さん"

    @property
    def leader_phone(self) -> str:
        """Whom to call: the leader's number, or the person's."""
        if self.team is None:
            return self.phone
        return self.team.leader.phone if self.team.leader else ""


class GiveBack(models.Model):
    """Something came back, or will not. What no loan answers to (`loan` is None) waits: the lending may have been
    recorded by a tablet that has not sent it yet."""

    operation = models.ForeignKey("operations.Operation", on_delete=models.PROTECT, related_name="+")
    loan = models.ForeignKey(Loan, null=True, on_delete=models.PROTECT, related_name="given_back")
    tool = models.CharField(max_length=12, choices=Tool.choices)
    item = models.ForeignKey(
        "equipment.ToolItem", null=True, on_delete=models.PROTECT, related_name="given_back"
    )
    team = models.ForeignKey("teams.Team", null=True, on_delete=models.PROTECT, related_name="+")
    count = models.PositiveIntegerField(default=1)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.FINE)
    note = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    op = models.UUIDField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["at", "id"]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["op"], name="give_backs_by_op")]

    def __str__(self) -> str:
        return f"{self.tool} × {self.count} {self.outcome}"
