"""A reception desk to test at: people with bound cards in an open operation, and a signed-in, registered tablet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import TABLET, Visitor, manage
from tests.infra.center import RunningCenter

_SET_UP = """
import json
from django.utils import timezone
from django.urls import reverse
from dvc.accounts.models import Membership, User
from dvc.accounts.roles import Role
from dvc.accounts.services import issue_sign_in_link
from dvc.audit.services import SYSTEM
from dvc.operations.models import Mode
from intake.volunteers import cards
from tests import make

now = timezone.now()
center = make.center()
operation = make.operation(center, mode=Mode({mode!r}))
people = [make.volunteer(center, family, "花子", insured={insured}) for family in {families!r}]
stock = cards.issue_stock(center, count=len(people) + 1, by=SYSTEM, at=now)
deck = list(stock.cards.order_by("pk"))
for person, card in zip(people, deck):
    cards.bind(card, person, by=SYSTEM, at=now, on=make.day(now))
staff = User.objects.create_user(f"reception{{operation.pk}}", "伊藤 恵", "a-long-password")
Membership.objects.create(user=staff, center=center, role=Role.CHIEF)
print(json.dumps({{
    "operation": operation.pk,
    "link": reverse("sign_in_by_link", args=[issue_sign_in_link(staff, at=now)]),
    "cards": [[person.family_name, card.token, card.short_code] for person, card in zip(people, deck)],
    "blank": deck[-1].token,
}}))
"""
_LINK = """
import json
from django.urls import reverse
from django.utils import timezone
from dvc.accounts.models import User
from dvc.accounts.services import issue_sign_in_link
user = User.objects.get(sign_in_name="reception{operation}")
print(json.dumps(reverse("sign_in_by_link", args=[issue_sign_in_link(user, at=timezone.now())])))
"""


@dataclass(frozen=True)
class Holder:
    """A person with a bound card: family name, the card's text, its short code."""

    family: str
    token: str
    short_code: str


@dataclass(frozen=True)
class Desk:
    """An open operation; `blank` is the text of a card that nobody holds."""

    operation: int
    link: str
    holders: list[Holder]
    blank: str


def set_up(
    running: RunningCenter, families: list[str], *, mode: str = "disaster", insured: bool = True
) -> Desk:
    """A center of its own with an operation and these people, each with a card."""
    made = manage(running, _SET_UP.format(families=families, mode=mode, insured=insured))
    holders = [Holder(*one) for one in made["cards"]]
    return Desk(made["operation"], running.address + made["link"], holders, made["blank"])


def fresh_link(running: RunningCenter, desk: Desk) -> str:
    """A one-time link for the person of this desk."""
    return str(running.address + manage(running, _LINK.format(operation=desk.operation)))


# False where the keys would land in a field.
_KEYS = """text => {
  const at = document.activeElement ?? document.body;
  if (at.matches("input, textarea, select")) return false;
  for (const key of [...text, "Enter"]) at.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  return true;
}"""


def read(page: Page, text: str) -> None:
    """As a keyboard-wedge reader types it. The keys are pressed inside the page: on a busy machine a key at a time from
    outside is slower than any reader, and the card falls into pieces. Into a field they are typed from outside.
    A page that is still opening shows nothing that asks for a card, and hears none."""
    expect(page.locator("body")).to_have_attribute("data-ready", "yes")
    if not page.evaluate(_KEYS, text):
        page.keyboard.type(text)
        page.keyboard.press("Enter")


class Tablet:
    """The reception page in a browser, ready for scans."""

    def __init__(
        self,
        browser: Browser,
        running: RunningCenter,
        desk: Desk,
        size: dict[str, int] = TABLET,
        *,
        at: datetime | None = None,
    ) -> None:
        """`at`: what its clock shows when it is switched on, the real time if not given; it goes on from there."""
        self.visitor = Visitor(browser, running, size)
        self.page: Page = self.visitor.page
        if at:
            self.page.clock.install(time=at)
        self.path = f"/o/{desk.operation}/tablet/"
        self.visitor.sign_in(desk.link)
        self.page.goto(self.path)
        self.page.get_by_role("button", name="この端末を受付用に登録する").click()
        expect(self.page.locator("body")).to_have_attribute("data-ready", "yes")
        expect(self.page.locator("body")).to_have_attribute("data-offline", "ready")
        expect(self.page.get_by_text("つながっています", exact=True)).to_be_visible()

    def read(self, text: str) -> None:
        """As a keyboard-wedge reader types it: no focus, fast, Enter at the end."""
        read(self.page, text)

    def expect_verdict(self, code: str, name: str = "") -> None:
        panel = self.page.locator("[data-verdict]")
        expect(panel).to_have_attribute("data-code", code)
        if name:
            expect(panel.locator(".t-verdict__name")).to_contain_text(name)

    def waits(self, answer: str) -> list[float]:
        """Milliseconds from frame or last key to the painted answer: "scan-to-tablet" or "scan-to-server"."""
        found: list[float] = self.page.evaluate(
            "(name) => performance.getEntriesByName(name).map((each) => each.duration)", answer
        )
        return found

    def expect_state(self, state: str) -> None:
        expect(self.page.locator("[data-verdict]")).to_have_attribute("data-state", state)

    def expect_unsent(self, count: int) -> None:
        expect(self.page.locator("[data-unsent-count]")).to_have_text(str(count))


def visits(running: RunningCenter, desk: Desk) -> list[dict[str, Any]]:
    """The visits of the operation as the server has them."""
    found: list[dict[str, Any]] = manage(
        running,
        "import json\nfrom intake.checkin.models import Visit\n"
        f"rows = Visit.objects.filter(operation={desk.operation}, annulled_at=None).order_by('pk')\n"
        "print(json.dumps([{'family': v.volunteer.family_name, 'left': v.left_at is not None, "
        "'oriented': v.oriented_at is not None, 'insured': v.insurance_seen_at is not None} for v in rows]))",
    )
    return found
