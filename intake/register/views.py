"""The register for the desk: find, look, merge and take apart, say of lookalikes what they are."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dvc.accounts.policy import StaffRequest, by
from dvc.audit.services import looked
from dvc.core.refused import Refused
from intake.help_requests import lookalikes, merge
from intake.help_requests.duplicates import Likely, asked, likely
from intake.help_requests.models import Lookalike, Need, NeedState
from intake.help_requests.states import CHIPS, COARSE
from intake.people import searching
from intake.people.models import Household, HouseholdMerge, Person, PersonMerge
from intake.register.find import LONGEST, find, needs_of

PER_PAGE: Final = 30


@never_cache
@require_safe
def register_search(request: StaffRequest, operation_id: int) -> HttpResponse:
    """One box for people, houses and requests. While somebody types, only the part with the answers is sent."""
    question = request.GET.get("q", "")[:LONGEST].replace("\0", "").strip()
    found = find(request.operation, question)
    context = {
        "section": "register_search",
        "question": question,
        "found": found,
        "needs": [(row, *_state(row.need)) for row in found.needs],
        "waiting": lookalikes.waiting(request.operation).count(),
    }
    part = (
        "intake/register/_found.html" if request.headers.get("HX-Request") else "intake/register/search.html"
    )
    return render(request, part, context)


def _state(need: Need) -> tuple[str, str]:
    word = COARSE[NeedState(need.state)]
    return word, CHIPS[word]


# ── a person, a house ──────────────────────────────────────────────────────────────────────────


@never_cache
@require_safe
def register_person(request: StaffRequest, operation_id: int, person_id: int) -> HttpResponse:
    """A person and every request of theirs. An old link leads to the entry that stands."""
    person = person_of(request, person_id)
    if person.merged_into_id:
        messages.info(request, "この方の記録は、1つにまとめてあります。まとめた先を開きました。")
        return redirect("register_person", operation_id, person.merged_into_id)
    looked(person, by=by(request), classes="P1 P2 P3", why="register page", at=request.now)
    context = {
        "section": "register_search",
        "person": person,
        "needs": [(need, words, *_state(need)) for need, words in needs_of(person)],
        "family": _others_at_home(person),
        "alike": _alike(request, person),
        "merges": PersonMerge.objects.filter(into=person, undone_at=None).select_related("twin", "by"),
    }
    return render(request, "intake/register/person.html", context)


def _others_at_home(person: Person) -> list[Person]:
    if person.household is None:
        return []
    return list(person.household.people.filter(merged_into=None).exclude(pk=person.pk))


def _alike(request: StaffRequest, person: Person) -> list[Likely]:
    """Other entries that may be the same person."""
    house = person.household
    question = asked(
        request.operation,
        people=[(person.name, person.kana, person.phone)],
        town=house.town if house else None,
        address=house.address if house else "",
        birth_year=person.birth_year,
    )
    found = likely(request.operation, question, needs=False)
    return [one for one in found if one.person and one.person.pk != person.pk]


@never_cache
@require_safe
def register_household(request: StaffRequest, operation_id: int, household_id: int) -> HttpResponse:
    """A house, who lives there and what was asked for. An old link leads to the entry that stands."""
    house = household_of(request, household_id)
    if house.merged_into_id:
        messages.info(request, "このお宅の記録は、1つにまとめてあります。まとめた先を開きました。")
        return redirect("register_household", operation_id, house.merged_into_id)
    looked(house, by=by(request), classes="P1 P2", why="register page", at=request.now)
    needs = Need.objects.filter(household=house).select_related("operation", "resident", "requester")
    context = {
        "section": "register_search",
        "house": house,
        "people": house.people.filter(merged_into=None),
        "needs": [(need, [], *_state(need)) for need in needs],
        "alike": _houses_alike(request, house),
        "merges": HouseholdMerge.objects.filter(into=house, undone_at=None).select_related("twin", "by"),
    }
    return render(request, "intake/register/household.html", context)


def _houses_alike(request: StaffRequest, house: Household) -> list[Household]:
    """Other entries at the same number, whatever the door."""
    if not house.place.is_a_house:
        return []
    same = Household.objects.filter(address_key=house.address_key, merged_into=None).exclude(pk=house.pk)
    return list(searching.in_register(request.operation, same).select_related("town")[:PER_PAGE])


def person_of(request: StaffRequest, pk: object) -> Person:
    rows = Person.objects.select_related("household__town", "household__center")
    return _of_register(request, rows, pk)  # type: ignore[return-value]


def household_of(request: StaffRequest, pk: object) -> Household:
    return _of_register(request, Household.objects.select_related("town", "center"), pk)  # type: ignore[return-value]


def _of_register(request: StaffRequest, rows: QuerySet[Any], pk: object) -> Person | Household:
    """A row of the center's register, or of this drill's; otherwise it does not exist."""
    try:
        found: Person | Household | None = (
            searching.in_register(request.operation, rows).filter(pk=pk).first()
        )
    except (ValueError, OverflowError):
        found = None
    if found is None:
        raise Http404
    return found


# ── merging ────────────────────────────────────────────────────────────────────────────────────


@require_POST
def person_merge(request: StaffRequest, operation_id: int, person_id: int) -> HttpResponse:
    """The entry named in the form is the same person as this one."""
    into, twin = person_of(request, person_id), person_of(request, request.POST.get("twin", ""))
    try:
        merge.merge_people(twin, into, by=by(request), at=request.now)
    except Refused as refused:
        messages.error(request, refused.text)
    else:
        messages.success(request, "2つの記録を1つにまとめました。依頼と電話の記録は、どちらも残っています。")
    return redirect("register_person", operation_id, into.merged_into_id or into.pk)


@require_POST
def person_unmerge(request: StaffRequest, operation_id: int, person_id: int) -> HttpResponse:
    """The entry named in the form was somebody else after all."""
    into, twin = person_of(request, person_id), person_of(request, request.POST.get("twin", ""))
    made = PersonMerge.objects.filter(twin=twin, into=into, undone_at=None).first()
    return _take_apart(request, made, "register_person", into)


@require_POST
def household_merge(request: StaffRequest, operation_id: int, household_id: int) -> HttpResponse:
    """The entry named in the form is the same house as this one."""
    into, twin = household_of(request, household_id), household_of(request, request.POST.get("twin", ""))
    try:
        merge.merge_households(twin, into, by=by(request), at=request.now)
    except Refused as refused:
        messages.error(request, refused.text)
    else:
        messages.success(
            request, "2つのお宅の記録を1つにまとめました。住んでいる方と依頼は、どちらも残っています。"
        )
    return redirect("register_household", operation_id, into.merged_into_id or into.pk)


@require_POST
def household_unmerge(request: StaffRequest, operation_id: int, household_id: int) -> HttpResponse:
    """The entry named in the form was another house after all."""
    into, twin = household_of(request, household_id), household_of(request, request.POST.get("twin", ""))
    made = HouseholdMerge.objects.filter(twin=twin, into=into, undone_at=None).first()
    return _take_apart(request, made, "register_household", into)


def _take_apart(
    request: StaffRequest, made: PersonMerge | HouseholdMerge | None, page: str, into: Person | Household
) -> HttpResponse:
    undo: Any = merge.undo_people if isinstance(made, PersonMerge) else merge.undo_households
    try:
        done = made is not None and undo(made, by=by(request), at=request.now)
    except Refused as refused:
        messages.error(request, refused.text)
    else:
        words = "別々の記録に戻しました。" if done else "もう別々の記録に戻してあります。"
        messages.success(request, words)
    return redirect(page, request.operation.pk, into.pk)


# ── lookalikes ─────────────────────────────────────────────────────────────────────────────────


@never_cache
@require_safe
def lookalike_list(request: StaffRequest, operation_id: int) -> HttpResponse:
    """似た依頼: pairs that came in beside one another, whatever way, for a person to look at."""
    rows = lookalikes.waiting(request.operation).select_related(
        "need__household__town", "need__resident", "need__requester", "other__household__town",
        "other__resident", "other__requester",
    )  # fmt: skip
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "section": "register_search",
        "page": page,
        "pairs": [(pair, [(need, *_state(need)) for need in (pair.other, pair.need)]) for pair in page],
    }
    return render(request, "intake/register/lookalikes.html", context)


@require_POST
def lookalike_say(request: StaffRequest, operation_id: int, lookalike_id: int) -> HttpResponse:
    """`opinion`: same or two."""
    pairs = Lookalike.objects.select_related("need__operation", "other")
    pair = pairs.filter(need__operation=request.operation, pk=lookalike_id).first()
    if pair is None:
        raise Http404
    try:
        if request.POST.get("opinion") == "same":
            stands = merge.say_same(pair, by=by(request), at=request.now)
            messages.success(
                request,
                f"N{pair.need.number} を N{stands.number} にまとめました。電話をくれた方は、どちらも残っています。",
            )
        else:
            merge.say_two(pair, by=by(request), at=request.now)
            messages.success(request, f"N{pair.other.number} と N{pair.need.number} は、別の依頼としました。")
    except Refused as refused:
        messages.error(request, refused.text)
    return redirect("lookalike_list", operation_id)
