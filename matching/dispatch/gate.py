"""The departure gate: what keeps a team from leaving, said by name, with what to do."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import models
from django.db.models import Exists, OuterRef
from django.utils import timezone

from intake.checkin.services import departure_blocks as visit_blocks
from intake.help_requests.models import NeedState, WorkItem, WorkState
from intake.questions.services import Answers
from intake.volunteers.models import InsurancePolicy, Skill, Volunteer
from matching.dispatch.handing_over import not_handed_over
from matching.dispatch.models import Dispatch, DispatchState
from matching.equipment.models import Licence, LicenceSeen, Vehicle
from matching.equipment.queries import looks_at_licences
from matching.safety.policy import Band
from matching.safety.queries import departure_stops
from matching.teams.models import Member
from matching.teams.rides import Drive
from matching.trips.models import Run


class Check(models.TextChoices):
    """The five points of every departure (domain.md §1.3 送り出し)."""

    HEALTH = "health", "体調：全員に聞きました。具合の悪い人はいません"
    GEAR = "gear", "装備：長そで・長ぐつ・手袋・マスクがそろっています"
    DRINK = "drink", "飲み物：全員が持っています"
    NO_OVERWORK = "no_overwork", "無理をしない：休む時間を伝えました"
    CONTACT = "contact", "連絡先：センターの電話番号を全員に伝えました"


def checks_today(band: Band) -> list[tuple[str, str]]:
    """The five points as they are read out today: how long to work and to rest follows from the heat."""
    rest = f"無理をしない：{band.work}分作業したら{band.rest}分休むと伝えました"
    return [(check.value, rest if check == Check.NO_OVERWORK else check.label) for check in Check]


@dataclass(frozen=True, slots=True)
class Block:
    """One thing that is missing. `who` is a name or empty; a `firm` one cannot be overridden by anybody."""

    code: str
    who: str
    text: str
    firm: bool = False

    def __str__(self) -> str:
        return f"{self.who}さん：{self.text}" if self.who else self.text


def departure_blocks(dispatch: Dispatch, *, at: datetime) -> list[Block]:
    """What is missing before the team may leave at the moment `at`, leader first; empty when nothing is.

    The five points and the return time are asked of whoever sends the team, see `unticked`. Nine queries; one more where somebody
    drives for the center or the operation asks questions of the day, a few where it records loans of tools.
    """
    members = list(
        Member.objects.filter(team=dispatch.team_id, left_at__isnull=True)
        .select_related("volunteer", "visit")
        .order_by("id")
    )
    visits = _visits(dispatch)
    return [
        *closed_day_blocks(dispatch.operation.closed_day, at=at),
        *[Block(stop.code, "", stop.text) for stop in departure_stops(dispatch.operation, at=at)],
        *_need_blocks(visits),
        *_leader_blocks(dispatch, members),
        *_people_blocks(dispatch, members, visits, at=at),
        *_tool_blocks(dispatch),
        *_car_blocks(dispatch, members, at=at),
    ]


def closed_day_blocks(closed_day: date | None, *, at: datetime) -> list[Block]:
    """Everybody was counted as back on this day: who leaves after that would be looked for by nobody."""
    day = timezone.localdate(at)
    if closed_day != day:
        return []
    text = f"{day.month}月{day.day}日は、もう閉じてあります。「一日を閉じる」で、理由を書いて開き直してから送り出してください。"
    return [Block("day_closed", "", text, firm=True)]


def _car_blocks(dispatch: Dispatch, members: list[Member], *, at: datetime) -> list[Block]:
    """A vehicle of the center that nobody may drive today, or not this driver, or that was found broken since; more people than seats. One query more
    where a vehicle says what licence it asks for."""
    drives = dispatch.team.drives
    day, found = timezone.localdate(at), []
    for vehicle in [drive.vehicle for drive in drives if drive.vehicle]:
        if vehicle.inspection_over(day):
            text = f"「{vehicle}」の車検が切れています。乗れません。別の車にしてください。"
            found.append(Block("inspection", "", text, firm=True))
        if vehicle.insurance_over(day):
            text = f"「{vehicle}」の自動車保険が切れています。乗れません。別の車にしてください。"
            found.append(Block("car_insurance", "", text, firm=True))
        if not vehicle.available:
            text = f"「{vehicle}」は「使えない」になりました。「車と運転者」で、別の車にしてください。"
            found.append(Block("car_unusable", "", text))
        if vehicle.to_be_returned(day):
            text = f"「{vehicle}」は、{vehicle.owner or '借りた先'}に返す日を過ぎています。借りた先に電話してください。"
            found.append(Block("borrowed_car", "", text))
    return [*found, *_licence_blocks(dispatch, drives, day), *_seat_blocks(drives, len(members))]


def _licence_blocks(dispatch: Dispatch, drives: list[Drive], day: date) -> list[Block]:
    """Who drives a vehicle that asks for a licence has shown one that is good for it; who drives their own car has shown
    one at all, where the center looks at licences. Two queries at most, none for a team on foot."""
    asking = [
        (drive.vehicle, drive.driver)
        for drive in drives
        if drive.driver and (drive.vehicle is None or drive.vehicle.licence)
    ]
    if not asking:
        return []
    seen = {
        one.volunteer_id: one for one in LicenceSeen.objects.filter(volunteer__in=[who for _, who in asking])
    }
    unseen_own = any(vehicle is None and driver.pk not in seen for vehicle, driver in asking)
    looks = unseen_own and looks_at_licences(dispatch.operation)
    found = []
    for vehicle, driver in asking:
        licence = seen.get(driver.pk)
        if vehicle is None:
            found += _own_licence(driver, licence, day, looks=looks)
            continue
        if licence is None:
            text = f"「{vehicle}」を運転する免許証を、まだ見ていません。見せてもらい、「車と運転者」で記録してください。"
            found.append(Block("licence", driver.name, text))
        elif licence.until < day:
            text = f"免許証の期限（{licence.until:%Y年%-m月%-d日}）が切れています。運転者を替えてください。"
            found.append(Block("licence_over", driver.name, text, firm=True))
        elif not Licence(licence.licence).covers(vehicle.licence):
            text = f"「{vehicle}」には{Licence(vehicle.licence).label}が要ります。運転者を替えてください。"
            found.append(Block("licence_class", driver.name, text, firm=True))
    return found


def _own_licence(driver: Volunteer, licence: LicenceSeen | None, day: date, *, looks: bool) -> list[Block]:
    """Nobody asks for a class here: it is the owner's car."""
    if licence is None:
        text = (
            "自分の車を運転する免許証を、まだ見ていません。見せてもらい、「車と運転者」で記録してください。"
        )
        return [Block("licence", driver.name, text)] if looks else []
    if licence.until < day:
        text = f"免許証の期限（{licence.until:%Y年%-m月%-d日}）が切れています。運転者を替えてください。"
        return [Block("licence_over", driver.name, text, firm=True)]
    return []


def _seat_blocks(drives: list[Drive], people: int) -> list[Block]:
    """Only where every car says how many it seats."""
    seats = [
        drive.vehicle.seats if drive.vehicle else drive.driver.vehicle_seats
        for drive in drives
        if drive.driver
    ]
    if not seats or not all(seats) or sum(seats) >= people:
        return []
    text = f"車に乗れるのは{sum(seats)}人までです（班は{people}人）。「車と運転者」で車を足すか、班を分けてください。"
    return [Block("seats", "", text)]


def _tool_blocks(dispatch: Dispatch) -> list[Block]:
    lacking = not_handed_over(dispatch)
    if not lacking:
        return []
    text = f"資機材がまだです（{'、'.join(lacking)}）。資機材の係で受け取り、貸出を記録してください。"
    return [Block("tools", "", text)]


def _visits(dispatch: Dispatch) -> list[Dispatch]:
    """Where the team is to go, each with whether adults only may (`adults_only`). One query."""
    not_done = WorkItem.objects.filter(need=OuterRef("need"), minors_ok=False).exclude(state=WorkState.DONE)
    ahead = Dispatch.objects.of_team(dispatch.team_id).filter(
        state__in=[DispatchState.ACCEPTED, DispatchState.NEXT]
    )
    return list(ahead.select_related("need").annotate(adults_only=Exists(not_done)))


def unticked(checks: Collection[str]) -> list[Check]:
    """Points that were not ticked, in order."""
    return [check for check in Check if check not in checks]


def _need_blocks(visits: list[Dispatch]) -> list[Block]:
    found = []
    for visit in visits:
        state = NeedState(visit.need.state)
        if state != NeedState.ASSIGNED:
            do = "この派遣を取りやめてください。" if len(visits) == 1 else "この訪問を外してください。"
            text = f"困りごとN{visit.need.number}は「{state.label}」に変わりました。{do}"
            found.append(Block("need", "", text, firm=True))
    return found


def _leader_blocks(dispatch: Dispatch, members: list[Member]) -> list[Block]:
    leader = dispatch.team.leader
    if leader is None or leader.pk not in {member.volunteer_id for member in members}:
        return [
            Block(
                "leader",
                "",
                "リーダーが班にいません。マッチングの画面でリーダーを決めてください。",
                firm=True,
            )
        ]
    if not leader.phone:
        return [
            Block(
                "leader_phone", leader.name, "リーダーの携帯電話の番号がありません。聞いて登録してください。"
            )
        ]
    return []


def _driving(people: Iterable[Volunteer]) -> dict[int, Vehicle]:
    """Who of them (pks) is out on a run, and in what. One query, none where nobody drives for the center."""
    drivers = [person.pk for person in people if Skill.DRIVER in person.skills]
    if not drivers:
        return {}
    runs = Run.objects.on_the_way().filter(driver__in=drivers).select_related("vehicle")
    return {run.driver_id: run.vehicle for run in runs if run.driver_id}


def _people_blocks(
    dispatch: Dispatch, members: list[Member], visits: list[Dispatch], *, at: datetime
) -> list[Block]:
    insured = set(
        InsurancePolicy.objects.covering(at)
        .filter(volunteer__in=[member.volunteer_id for member in members])
        .values_list("volunteer_id", flat=True)
    )
    here = {member.volunteer_id for member in members}
    day = timezone.localdate(at)
    answers = Answers(dispatch.operation, here, [day])
    adults_only = any(visit.adults_only for visit in visits)  # type: ignore[attr-defined]
    driving = _driving(member.volunteer for member in members)
    found = []
    for member in members:
        person, visit = member.volunteer, member.visit
        if visit.left_at is not None or visit.annulled_at is not None:
            text = "もう帰っています（受付の記録）。班から外してください。"
            found.append(Block("left", person.name, text, firm=True))
            continue
        if visit.unreturned_at is not None:
            # Of another day: whoever has come again since has a new record, and belongs into a new team.
            text = f"{timezone.localtime(visit.arrived_at):%-m月%-d日}の受付のままです。この派遣を取りやめ、今日の受付をした人で班を組み直してください。"
            found.append(Block("other_day", person.name, text, firm=True))
            continue
        if person.pk in driving:
            text = f"「{driving[person.pk]}」の便を運転して、外に出ています。戻っていれば「送迎と仮置場」で戻りを記録し、まだなら班から外してください。"
            found.append(Block("on_run", person.name, text, firm=True))
            continue
        visit.volunteer, visit.operation = person, dispatch.operation  # spares two queries a person
        blocks = [
            *visit_blocks(visit, at=at, insured=person.pk in insured),
            *answers.blocks(person.pk, day),
        ]
        found.extend(Block(block.code, person.name, block.text) for block in blocks)
        if not person.is_minor_on(day):
            continue
        if person.guardian_id is not None and person.guardian_id not in here:
            found.append(Block("guardian_absent", person.name, "付き添いの保護者が、この班にいません。"))
        if adults_only:
            text = "18歳未満の人が入れない作業があります。班から外してください。"
            found.append(Block("minor_work", person.name, text, firm=True))
    return found
