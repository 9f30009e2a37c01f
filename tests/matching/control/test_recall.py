"""Everybody back: one button, then each team by name. On both databases, without worker or broker."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dvc.accounts.models import User
from dvc.accounts.roles import Role
from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.board.queries import shown
from dvc.core.refused import Refused
from dvc.operations.models import Mode, Operation
from dvc.outbox.models import Row
from intake.people.models import Household
from matching.control import recalls
from matching.control.recalls import BACK, HELP, REACHED_OUT, SILENT
from matching.dispatch import services as dispatching
from matching.dispatch import tokens, undoing
from matching.dispatch.models import Dispatch
from matching.safety import services
from matching.safety.models import DangerZone, How, Recall, RecallAnswer, RecallReason
from matching.teams.models import Team
from tests import make
from tests.matching.dispatch import scene

pytestmark = pytest.mark.django_db

NOON = make.at(12)
# A square around make.need's house (38.296, 141.006).
AROUND = [[38.29, 141.0], [38.29, 141.01], [38.30, 141.01], [38.30, 141.0]]


def begun(operation: Operation) -> Recall:
    return services.start_recall(
        operation, reason=RecallReason.TSUNAMI, place="近くの高い建物", by=SYSTEM, at=NOON
    )


def signed_in(operation: Operation, *roles: Role) -> Client:
    client = Client()
    client.force_login(make.user(operation.center, *roles))
    return client


def statuses(recall: Recall) -> dict[int, str]:
    return {called.team.pk: called.status for called in recalls.progress(recall).teams}


def test_each_team_is_followed_until_it_is_known_to_be_safe() -> None:
    operation = make.operation()
    page, phone, tried, help_, home = (scene.out(operation) for _ in range(5))
    scene.back(operation, at=make.at(11))  # was back before: not called
    recall = begun(operation)
    recalls.answer(recall, page.team, How.PAGE, by=SYSTEM, at=make.at(12, 1))
    heard = recalls.answer(recall, phone.team, How.PHONE, said="川から離れた", by=SYSTEM, at=make.at(12, 2))
    recalls.answer(recall, tried.team, How.TRIED, by=SYSTEM, at=make.at(12, 3))
    recalls.answer(recall, tried.team, How.TRIED, by=SYSTEM, at=make.at(12, 5))
    recalls.answer(recall, help_.team, How.HELP, by=SYSTEM, at=make.at(12, 4))
    dispatching.come_back(home, by=SYSTEM, at=make.at(12, 20))
    assert statuses(recall) == {
        page.team_id: REACHED_OUT, phone.team_id: REACHED_OUT, tried.team_id: SILENT, help_.team_id: HELP,
        home.team_id: BACK,
    }  # fmt: skip
    progress = recalls.progress(recall)
    assert [called.team.pk for called in progress.teams[:2]] == [help_.team_id, tried.team_id]
    assert progress.tally == recalls.tally(recall)
    assert (progress.tally.total, progress.tally.silent, progress.tally.known) == (5, 1, 4)
    (silent,) = progress.of(SILENT)
    assert (silent.tries, silent.heard_at) == (2, scene.TEN)  # a call nobody answers is no sign of life
    phone.refresh_from_db()
    assert phone.heard_at == make.at(12, 2)
    services.take_answer_back(heard, by=SYSTEM, at=make.at(12, 30))
    assert statuses(recall)[phone.team_id] == SILENT
    assert not Row.objects.exclude(kind="matching.run").exists()  # nothing waits for a worker


def test_the_same_told_twice_is_one_fact_and_a_second_button_the_same_recall() -> None:
    operation = make.operation()
    team = scene.out(operation).team
    recall = begun(operation)
    assert begun(operation) == recall
    for minute in (1, 2):
        recalls.answer(recall, team, How.PAGE, by=SYSTEM, at=make.at(12, minute))
    assert RecallAnswer.objects.get().at == make.at(12, 1)
    assert Entry.objects.filter(action="recall.started").count() == 1
    assert Entry.objects.filter(action="recall.answered").count() == 1
    with pytest.raises(Refused) as refused:
        recalls.answer(recall, scene.out(make.operation()).team, How.PHONE, by=SYSTEM, at=NOON)
    assert refused.value.code == "recall.other_team"


def test_no_team_leaves_while_everybody_is_called_back() -> None:
    operation = make.operation()
    waiting = scene.assigned(operation)
    recall = begun(operation)
    matching, chief = make.user(operation.center, Role.MATCHING), make.user(operation.center, Role.CHIEF)

    def leave(who: User, override: str) -> str:
        try:
            dispatching.depart(
                waiting,
                checks=scene.ALL,
                override=override,
                by=make.by(who),
                at=make.at(12, 10),
            )
        except Refused as refused:
            return refused.text
        return "out"

    assert "呼び戻し中です（津波注意報・津波警報）" in leave(matching, "")
    assert "センター長だけ" in leave(matching, "急ぐから")
    with pytest.raises(Refused) as refused:
        services.end_recall(recall, reason=" ", by=SYSTEM, at=make.at(12, 30))
    assert refused.value.code == "recall.end_reason_needed"
    services.end_recall(recall, reason="注意報が解除された", by=make.by(chief), at=make.at(12, 30))
    assert leave(matching, "") == "out"
    assert Entry.objects.get(action="recall.ended").details["reason"] == "注意報が解除された"


def test_whoever_may_be_in_the_zone_is_called_first() -> None:
    operation = make.operation()
    far = dispatching.depart(
        scene.assigned(operation, need=make.need(operation, lat=38.35, lng=140.95)), checks=scene.ALL, by=SYSTEM, at=scene.TEN
    )  # fmt: skip
    near = scene.out(operation)
    nowhere_need = make.need(operation)
    Household.objects.filter(needs=nowhere_need).update(lat=None, lng=None)
    nowhere = dispatching.depart(
        scene.assigned(operation, need=nowhere_need), checks=scene.ALL, by=SYSTEM, at=scene.TEN
    )
    recall = begun(operation)
    assert [called.inside for called in recalls.progress(recall).teams] == [None, None, None]
    services.add_zone(operation, name="海岸ぞい", points=AROUND, by=SYSTEM, at=NOON)
    found = [(called.team.pk, called.inside) for called in recalls.progress(recall).teams]
    assert found == [(near.team_id, True), (nowhere.team_id, None), (far.team_id, False)]


def test_a_zone_is_drawn_on_the_map_and_taken_off_again() -> None:
    operation = make.operation()
    desk = signed_in(operation, Role.TRANSPORT)
    page = reverse("zone_page", args=[operation.pk])
    assert "まだありません" in desk.get(page).content.decode()
    for points, status in (("", 422), ("{", 422), ("[[38.2, 141.0]]", 409), (json.dumps(AROUND), 302)):
        assert desk.post(page, {"name": "海岸ぞい", "points": points}).status_code == status
    assert desk.post(page, {"name": "", "points": json.dumps(AROUND)}).status_code == 422
    zone = DangerZone.objects.get()
    assert zone.points == AROUND
    assert "海岸ぞい" in desk.get(reverse("recall_page", args=[operation.pk])).content.decode()
    for _ in range(2):
        desk.post(reverse("zone_remove", args=[operation.pk, zone.pk]))
    assert not DangerZone.objects.on_the_map().exists()
    assert Entry.objects.filter(action="zone.removed").count() == 1


def test_the_desk_ticks_a_team_off_and_takes_it_back(django_assert_max_num_queries: object) -> None:
    operation = make.operation()
    dispatch = scene.out(operation)
    assert dispatch.team.leader is not None
    desk = signed_in(operation, Role.TRANSPORT)
    page = reverse("recall_page", args=[operation.pk])
    assert "全班を呼び戻す" in desk.get(page).content.decode()
    assert desk.post(page, {"reason": "other"}).status_code == 409
    assert desk.post(page, {"reason": "quake", "place": "中学校"}).status_code == 302
    shown_page = desk.get(page).content.decode()
    assert "大きな地震" in shown_page
    assert dispatch.team.leader.phone in shown_page
    assert "町前" not in shown_page  # an address is in no list
    one = reverse("recall_answer", args=[operation.pk, dispatch.team_id])
    assert desk.post(one, {"how": "page"}).status_code == 404  # only the team itself says that
    desk.post(one, {"how": "phone", "said": "全員無事"})
    answer = RecallAnswer.objects.get()
    assert (answer.how, answer.said, answer.by.display_name) == ("phone", "全員無事", "伊藤 職員")  # type: ignore[union-attr]
    desk.post(reverse("recall_undo", args=[operation.pk, answer.pk]))
    assert recalls.tally(Recall.objects.get()).silent == 1
    part = reverse("recall_part", args=[operation.pk])
    version = desk.get(part)["X-Version"]
    assert desk.get(part, {"version": version}).status_code == 204
    over = reverse("recall_end", args=[operation.pk])
    assert (
        desk.post(over, {"reason": "余震がおさまった"}).status_code == 403
    )  # whoever is at the tools says no such thing
    assert over not in desk.get(page).content.decode()
    recalls.answer(Recall.objects.get(), dispatch.team, How.PAGE, by=SYSTEM, at=timezone.now())
    signed_in(operation, Role.MATCHING).post(over, {"reason": "余震がおさまった"})
    assert not Recall.objects.running().exists()
    assert "余震がおさまった" in desk.get(page).content.decode()
    for stranger in (signed_in(operation, Role.NEEDS_DESK), signed_in(make.operation(), Role.CHIEF)):
        assert stranger.get(page).status_code in (403, 404)
        assert stranger.post(one, {"how": "phone"}).status_code in (403, 404)


def test_no_recall_ends_in_silence_about_a_team_nobody_has_heard_of() -> None:
    operation = make.operation()
    reached, *silent = (scene.out(operation).team for _ in range(3))
    recall = begun(operation)
    for team in (reached, silent[0]):
        recalls.answer(recall, team, How.PAGE, by=SYSTEM, at=NOON)
    desk = signed_in(operation, Role.LEAD)
    page, end = (reverse(name, args=[operation.pk]) for name in ("recall_page", "recall_end"))
    shown_page = desk.get(page).content.decode()
    assert f"まだ伝わっていない班が1班あります：{silent[1]}" in shown_page
    seen = {"reason": "解除", "silent": [str(silent[1].pk)]}
    refused = desk.post(end, seen)
    assert refused.status_code == 409
    assert "その班を残して終わる理由を書いてください" in refused.content.decode()
    assert 'value="解除"' in refused.content.decode()
    assert desk.get(end).headers["Location"] == page
    # Another one falls silent while this page is open: it was the wrong team that was ticked.
    heard = RecallAnswer.objects.get(team=silent[0])
    services.take_answer_back(heard, by=SYSTEM, at=NOON)
    seen["despite"] = "消防が確かめた"
    assert f"{silent[0]}、{silent[1]}" in desk.post(end, seen).content.decode()
    assert Recall.objects.running().exists()
    seen["silent"] = [str(team.pk) for team in silent]
    told = desk.post(end, seen, follow=True).content.decode()
    assert f"{silent[0]}、{silent[1]}（消防が確かめた）" in told
    details = Entry.objects.get(action="recall.ended").details
    assert details["silent"] == [team.pk for team in silent]


@pytest.mark.parametrize(
    ("role", "begins", "ends"),
    [
        (Role.CHIEF, True, True), (Role.LEAD, True, True), (Role.MATCHING, True, True), (Role.OFFICE, True, False),
        (Role.RECEPTION, True, False), (Role.EQUIPMENT, True, False), (Role.TRANSPORT, True, False),
        (Role.SURVEY, False, False),
    ],
)  # fmt: skip
def test_whoever_sees_danger_calls_everybody_back_and_few_say_that_it_is_over(
    role: Role, begins: bool, ends: bool
) -> None:
    operation = make.operation()
    who = signed_in(operation, role)
    page, end = (reverse(name, args=[operation.pk]) for name in ("recall_page", "recall_end"))
    assert (page in who.get(reverse("board", args=[operation.pk])).content.decode()) == begins
    who.post(page, {"reason": "quake"})
    assert Recall.objects.running().exists() == begins
    if begins:
        assert (end in who.get(page).content.decode()) == ends
        who.post(end, {"reason": "おさまった"})
        assert Recall.objects.running().exists() != ends


def test_a_page_left_open_from_an_earlier_recall_says_nothing_of_the_next() -> None:
    operation = make.operation()
    team = scene.out(operation).team
    desk = signed_in(operation, Role.MATCHING)
    old = begun(operation)
    assert (
        f'name="recall" value="{old.pk}"'
        in desk.get(reverse("recall_page", args=[operation.pk])).content.decode()
    )
    services.end_recall(old, reason="解除", by=SYSTEM, at=make.at(12, 30))
    recall = begun(operation)
    one = reverse("recall_answer", args=[operation.pk, team.pk])
    end = reverse("recall_end", args=[operation.pk])
    said = desk.post(one, {"how": "phone", "recall": str(old.pk)}, follow=True).content.decode()
    assert "前の呼び戻しのものだった" in said
    assert statuses(recall) == {team.pk: SILENT}
    desk.post(one, {"how": "phone", "recall": str(recall.pk)})
    assert statuses(recall) == {team.pk: REACHED_OUT}
    desk.post(end, {"reason": "解除", "recall": str(old.pk)})
    assert Recall.objects.running().exists()
    desk.post(end, {"reason": "解除", "recall": str(recall.pk)})
    assert not Recall.objects.running().exists()


def test_a_leader_reads_it_on_the_phone_and_answers_once() -> None:
    operation = make.operation()
    dispatch = scene.out(operation)
    token = tokens.leader_token(dispatch.token_nonce)
    Dispatch.objects.update(departed_at=timezone.now())
    phone = Client()
    address = reverse("leader_recall", args=[token])
    assert "すぐ" not in phone.get(address).content.decode()
    recall = begun(operation)
    told = phone.get(address)
    assert "近くの高い建物" in told.content.decode()
    assert phone.get(address, {"version": told["X-Version"]}).status_code == 204
    safe = reverse("leader_recall_safe", args=[token])
    assert phone.post(safe, {"how": "safe"}).status_code == 302
    phone.post(safe, {"how": "safe"})
    assert RecallAnswer.objects.get().how == How.PAGE
    assert statuses(recall) == {dispatch.team_id: REACHED_OUT}
    phone.post(safe, {"how": "help"})
    assert statuses(recall) == {dispatch.team_id: HELP}
    assert phone.get(reverse("leader_recall", args=["0" * 22])).status_code == 404
    services.end_recall(recall, reason="解除", by=SYSTEM, at=make.at(13))
    phone.post(safe, {"how": "safe"})
    assert "すぐ" not in phone.get(address).content.decode()


def test_a_team_that_needs_help_is_on_top_until_the_desk_takes_it_back_and_no_recall_ends_before() -> None:
    operation = make.operation()
    dispatch = scene.out(operation)
    Dispatch.objects.update(departed_at=timezone.now())
    recall = begun(operation)
    token = tokens.leader_token(dispatch.token_nonce)
    phone, desk = Client(), signed_in(operation, Role.MATCHING)
    for how in ("help", "safe"):  # and then all is well, they say
        phone.post(reverse("leader_recall_safe", args=[token]), {"how": how})
    shown_to_them = phone.get(reverse("leader_recall", args=[token])).content.decode()
    assert "「助けが必要」と、センターに伝わっています" in shown_to_them
    assert "「全員無事」と、センターに伝わっています" not in shown_to_them
    assert statuses(recall) == {dispatch.team_id: HELP}
    page = reverse("recall_page", args=[operation.pk])
    ended = desk.post(reverse("recall_end", args=[operation.pk]), {"reason": "解除"}, follow=True)
    assert "「助けが必要」の班が1班あります" in ended.content.decode()
    assert Recall.objects.running().exists()
    help_ = RecallAnswer.objects.get(how=How.HELP)
    undo = reverse("recall_undo", args=[operation.pk, help_.pk])
    assert undo in desk.get(page).content.decode()
    desk.post(undo)
    assert statuses(recall) == {dispatch.team_id: REACHED_OUT}
    desk.post(reverse("recall_end", args=[operation.pk]), {"reason": "解除"})
    assert not Recall.objects.running().exists()


def test_a_call_for_help_stays_on_the_screens_whatever_is_written_about_the_team_until_it_is_taken_back() -> (
    None
):
    operation = make.operation()
    home, mistaken = scene.out(operation), scene.out(operation)
    recall = begun(operation)
    for dispatch in (home, mistaken):
        recalls.answer(recall, dispatch.team, How.HELP, by=SYSTEM, at=make.at(12, 1))
    dispatching.come_back(home, by=SYSTEM, at=make.at(11, 50))  # told late, of before the recall
    undoing.undo(mistaken, seen=str(mistaken.state), by=SYSTEM, at=scene.TEN)
    assert statuses(recall) == {home.team_id: HELP, mistaken.team_id: HELP}
    assert recalls.progress(recall).tally == recalls.tally(recall) == recalls.Tally(2, 0, 0, 2)
    with pytest.raises(Refused) as refused:
        recalls.end(recall, reason="解除", by=SYSTEM, at=make.at(12, 9))
    assert refused.value.code == "recall.help_waits"
    for said in RecallAnswer.objects.filter(how=How.HELP):
        services.take_answer_back(said, by=SYSTEM, at=make.at(12, 10))
    assert statuses(recall) == {}
    recalls.end(recall, reason="解除", by=SYSTEM, at=make.at(12, 11))


def test_nothing_is_written_into_a_recall_that_somebody_ends_at_that_moment() -> None:
    operation = make.operation()
    dispatch = scene.out(operation)
    recall = begun(operation)  # as the desk that telephones has read it
    recalls.end(
        recall,
        reason="解除",
        seen=[dispatch.team_id],
        despite="山へ探しに行った",
        by=SYSTEM,
        at=make.at(12, 9),
    )
    for _ in range(2):
        with pytest.raises(Refused) as refused:
            recalls.answer(recall, dispatch.team, How.HELP, by=SYSTEM, at=make.at(12, 9))
        assert refused.value.code == "recall.over"
        again = begun(operation)  # nor into the one before this
    assert not RecallAnswer.objects.exists()
    assert again.pk != recall.pk


def test_a_call_from_the_desk_is_not_told_to_the_leader_as_everybody_safe() -> None:
    operation = make.operation()
    dispatch = scene.out(operation)
    Dispatch.objects.update(departed_at=timezone.now())
    recall = begun(operation)
    recalls.answer(recall, dispatch.team, How.PHONE, by=make.by(make.user(operation.center)), at=NOON)
    address = reverse("leader_recall", args=[tokens.leader_token(dispatch.token_nonce)])
    said = Client().get(address).content.decode()
    assert "「全員無事」と" not in said
    assert "センターと電話で話したことは、記録されています" in said


def test_the_wall_names_a_reason_of_the_list_only() -> None:
    operation = make.operation()
    services.start_recall(
        operation, reason=RecallReason.OTHER, words="髙﨑さんの家の裏で土砂くずれ", by=SYSTEM, at=NOON
    )
    wall = signed_in(operation, Role.NEEDS_DESK).get(reverse("board_wall", args=[operation.pk]))
    said = wall.content.decode()
    assert "全班を呼び戻し中" in said
    assert "下に書く" not in said
    assert "髙﨑" not in said


def test_every_desk_page_and_the_wall_say_how_far_it_is_and_whether_it_is_a_drill() -> None:
    operation = make.operation(mode=Mode.DRILL)
    teams = [scene.out(operation).team for _ in range(3)]
    recall = begun(operation)
    recalls.answer(recall, teams[0], How.PAGE, by=SYSTEM, at=NOON)
    desk = signed_in(operation, Role.NEEDS_DESK)
    alerts = reverse("alerts_part", args=[operation.pk])
    banner = desk.get(alerts)
    said = banner.content.decode()
    assert "【訓練】全班を呼び戻し中" in said
    assert "3班のうち 1班に伝わりました" in said
    assert desk.get(alerts, {"version": banner["X-Version"]}).status_code == 204
    recalls.answer(recall, teams[1], How.PHONE, by=SYSTEM, at=NOON)
    assert "3班のうち 2班" in desk.get(alerts, {"version": banner["X-Version"]}).content.decode()
    wall = desk.get(reverse("board_wall", args=[operation.pk])).content.decode()
    assert "【訓練】全班を呼び戻し中" in wall
    assert "髙﨑" not in wall
    assert shown(operation, at=NOON, names=False, wall=True).tally == recalls.tally(recall)


def test_a_recall_of_two_hundred_teams_costs_as_many_queries_as_of_two(
    django_assert_max_num_queries: object,
) -> None:
    operation = make.operation()
    first = scene.out(operation)
    scene.out(operation)
    recall = begun(operation)
    with django_assert_max_num_queries(5):  # type: ignore[operator]
        recalls.progress(recall)
    Team.objects.bulk_create(
        Team(operation=operation, number=1000 + n, leader=first.team.leader, state="out", formed_at=NOON) for n in range(198)
    )  # fmt: skip
    with django_assert_max_num_queries(5):  # type: ignore[operator]
        assert recalls.progress(recall).tally.total == 200
    with django_assert_max_num_queries(2):  # type: ignore[operator]
        recalls.tally(recall)
