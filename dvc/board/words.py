"""The audit in plain Japanese: one table from action to words, and who and what each line is about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from dvc.audit.models import Entry
from intake.checkin.models import Visit
from intake.help_requests.models import Need, NeedState
from intake.volunteers.models import Volunteer
from matching.dispatch.models import Dispatch, Outcome
from matching.equipment.models import ToolItem
from matching.loans.models import Loan
from matching.safety.models import How
from matching.teams.models import Team

# action → what happened. {it}: what it is about. tests/dvc/board asks that no action of the code is missing.
WORDS: Final[Mapping[str, str]] = {
    "badge.ended": "職員証を使えなくしました",
    "badge.issued": "職員証を作りました",
    "badge.pin_set": "職員証の暗証番号を決めました",
    "card.bound": "{it}にカードを渡しました",
    "card.ended": "{it}のカードを使えなくしました",
    "card_key.made": "カードの鍵を作りました",
    "card_key.retired": "カードの鍵を新しくしました",
    "card_stock.issued": "白紙のカードを作りました",
    "center.created": "センターを準備しました",
    "center.plain_reception_allowed": "暗号化なしの受付を許可しました",
    "center.plain_reception_ended": "暗号化なしの受付を止めました",
    "center.edited": "センターの名前や電話を直しました",
    "device.asked": "端末が登録を求めました",
    "device.invited": "端末を加える番号を出しました",
    "device.pairing_refused": "端末の登録を断りました",
    "device.registered": "端末を登録しました",
    "device.revoked": "端末を使えなくしました",
    "dispatch.assigned": "{it}の班を決めました",
    "dispatch.also_away": "{it}の帰着にいなかった人を書き加えました",
    "dispatch.also_told": "{it}の帰着のときに聞いたことを書き加えました",
    "dispatch.back": "{it}が帰ってきました",
    "dispatch.cancelled": "{it}の派遣を取りやめました",
    "dispatch.comes_first": "{it}が最初の行き先になりました",
    "dispatch.departed": "{it}が出発しました",
    "dispatch.leaving": "{it}が現地を出ました",
    "dispatch.moved_on": "{it}へ、つぎのお宅として向かいました",
    "dispatch.on_site": "{it}が現地に着きました",
    "dispatch.postponed": "{it}の戻りの時刻を変えました",
    "dispatch.reported": "{it}の報告を受け取りました",
    "dispatch.reported_again": "{it}から、違う内容の報告がもう1つ届きました",
    "dispatch.renewed": "{it}の出発を、もう少し待つことにしました",
    "dispatch.sheet_printed": "{it}の依頼書を印刷しました",
    "dispatch.undone": "{it}の最後の記録（出発・到着・帰着）を取り消しました",
    "dispatch.visit_dropped": "{it}の訪問を外しました",
    "dispatch.visit_over": "{it}の訪問は終わっています",
    "dispatch.visited": "{it}を出て、つぎのお宅へ向かいました",
    "dispatch.sheets_in": "{it}の依頼書を数えました",
    "drill.finished": "訓練の台本が終わりました",
    "drill.paused": "訓練を止めました",
    "drill.purged": "訓練のデータを消しました",
    "drill.speed_set": "訓練の速さを変えました",
    "drill.started": "訓練をはじめました",
    "equipment.licence_seen": "{it}の免許証を見て記録しました",
    "trip.back": "送迎の車が戻りました",
    "trip.boarded": "送迎の便に班を乗せました",
    "trip.cancelled": "送迎の便を取りやめました",
    "trip.driver_set": "送迎の便を運転する人を替えました",
    "trip.left": "送迎の車が出ました",
    "trip.passed": "送迎の車が停まる所に着きました",
    "trip.passed_told_late": "送迎の車が停まる所に着いていたことを、戻ったあとに聞きました",
    "trip.planned": "送迎の便を決めました",
    "trip.unboarded": "送迎の便から班を降ろしました",
    "dump.kept": "仮置場のことを書きました",
    "dump.waited": "仮置場の待ち時間を書きました",
    "certificate.made": "活動証明書を作りました",
    "motorway.stamped": "高速道路の証明書に押印しました",
    "dispatch.injury_added": "{it}の報告に、けが・体調不良を加えました",
    "dispatch.reports_merged": "{it}の2つの報告を1つにまとめました",
    "team.coming_again": "{it}の人が、次の日も来ると言いました",
    "equipment.damaged": "こわれたこと・ぶつけたことを記録しました",
    "equipment.damage_settled": "こわれたもののことが片づきました",
    "evening.closed": "一日を閉じました",
    "evening.exception_named": "戻っていないものに、理由をつけて例外にしました",
    "evening.exception_settled": "例外にしていたものが片づきました",
    "evening.exception_taken_back": "例外を取り消しました",
    "evening.reopened": "閉じた日を開き直しました",
    "field.answered": "現地からの連絡に返事をしました",
    "field.placed": "現地からの連絡に、場所が加わりました",
    "field.told": "現地のリーダーから連絡がありました",
    "equipment.broken": "資機材がこわれたと記録しました",
    "equipment.condition": "{it}のようすを変えました",
    "equipment.items_added": "番号つきの資機材を加えました",
    "equipment.mended": "資機材が直ったと記録しました",
    "equipment.stock_raised": "端末の貸出に合わせて、資機材の数を増やしました",
    "equipment.thrown_away": "こわれた資機材を捨てたと記録しました",
    "equipment.stock_set": "資機材の数を直しました",
    "equipment.vehicle_added": "車を加えました",
    "equipment.vehicle_described": "車の免許・車検・借りた先を直しました",
    "equipment.vehicle_available": "車が使えるかどうかを変えました",
    "group.leader_set": "団体の代表の人を決めました",
    "group.sheet_printed": "団体の受付用紙を印刷しました",
    "group.arrived": "団体の受付をしました",
    "group.registered": "団体を登録しました",
    "group.taken_back": "団体の記録を取り消しました",
    "household.added": "お宅の場所を登録しました",
    "household.edited": "お宅の場所を直しました",
    "household.merged": "同じお宅の記録を1つにまとめました",
    "household.unmerged": "まとめたお宅の記録を、別々に戻しました",
    "import.checked": "取り込むファイルを確かめはじめました",
    "import.discarded": "取り込みをやめました",
    "import.done": "ファイルの取り込みが終わりました",
    "import.started": "ファイルの取り込みを始めました",
    "import.undo_started": "取り込みの取り消しを始めました",
    "import.undone": "取り込みを取り消しました",
    "import.uploaded": "取り込むファイルを受け取りました",
    "inbox.more_told": "確かめることに、記録が加わりました",
    "inbox.opened": "確かめることができました",
    "inbox.reopened": "片づいたことに、新しい記録が届きました",
    "inbox.resolved": "確かめることを1つ片づけました",
    "inbox.settled": "確かめることが、あとの記録で片づきました",
    "group.went": "団体の帰りを記録しました",
    "insurance.recorded": "保険を記録しました",
    "loan.annulled": "{it}の貸出は、まちがいだったと記録しました",
    "loan.disputed": "{it}が2か所で貸し出されています",
    "loan.given_back": "{it}の返却を記録しました",
    "loan.given_back_unknown": "貸出の記録がない資機材が返りました",
    "loan.lent": "{it}を貸しました",
    "loan.out_again": "{it}の返却を取り消しました",
    "map.note_added": "地図メモを付けました",
    "map.note_removed": "地図メモを消しました",
    "map.note_brought_back": "地図メモを元に戻しました",
    "match.cancelled": "班の提案の計算をやめました",
    "match.done": "班の提案ができました",
    "match.failed": "班の提案を作れませんでした",
    "match.requested": "班の提案を頼みました",
    "match.superseded": "班の提案の計算を、新しい内容でやり直しました",
    "nameless.came_back": "名前のない人の帰りを取り消しました",
    "nameless.corrected": "名前のない人の数を直しました",
    "nameless.counted": "名前のない人を数えました",
    "nameless.went": "名前のない人の帰りを記録しました",
    "call_draft.started": "電話の聞き取りを始めました",
    "call_draft.copied": "電話の書きかけが2つに分かれました",
    "call_draft.brought_back": "消した電話の書きかけを元に戻しました",
    "call_draft.dropped": "電話の書きかけを消しました",
    "postal.kept": "郵便番号の一覧を読み込みました",
    "call_draft.forgotten": "消した書きかけの内容を、期限が過ぎたので消しました",
    "need.call_promised": "{it}に折り返し電話する約束をしました",
    "need.call_tried": "{it}に電話をかけました",
    "need.crisis_called_off": "{it}の危機介入の印を外しました",
    "need.crisis_raised": "{it}に危機介入の印が付きました",
    "need.crisis_seen": "{it}の危機介入を確認しました",
    "need.item_cleared": "{it}の作業の危険を確認済みにしました",
    "need.caller_added": "{it}に、ほかの人からの連絡を加えました",
    "need.confirmed": "{it}を電話で確かめました",
    "need.edit_not_saved": "{it}を2人が同時に直しました（あとの内容は残してあります）",
    "need.edited": "{it}の内容を直しました",
    "need.hazards_cleared": "{it}の危険を確認済みにしました",
    "need.gave_back": "{it}から、重複でなかった電話を戻しました",
    "need.imported": "{it}をファイルから取り込みました",
    "need.item_added": "{it}に作業を加えました",
    "need.item_edited": "{it}の作業を直しました",
    "need.item_removed": "{it}の作業を消しました",
    "need.lookalike_said": "{it}が似た依頼と同じかどうかを確かめました",
    "need.moved": "{it}を「{to}」にしました",
    "need.received": "{it}を受け付けました",
    "need.took_over": "{it}に、重複の電話から危機介入・危険を引き継ぎました",
    "op.folded": "預かっていた受付を、名前のある記録にしました",
    "op.left_out": "使用停止の端末の記録を、取り込まないことにしました",
    "op.quarantined": "使用停止の端末の記録を預かりました",
    "op.taken_in": "使用停止の端末の記録を取り込みました",
    "op.broken": "取り込めない記録を預かりました",
    "op.refused": "預かっていた取り消しを行えませんでした（元の記録が届きません）",
    "op.dropped": "預かっていた記録を、使わないことにしました",
    "op.waits_again": "カードを渡し直すまで、記録を預かり直しました",
    "op.held": "先に届いた記録を預かりました（続きの記録を待っています）",
    "operation.clock_set": "訓練の時計を合わせました",
    "operation.consent_renewed": "注意事項を改めました",
    "operation.consent_taken_back": "注意事項を改めたことを取り消しました",
    "operation.created": "活動を作りました",
    "operation.edited": "活動の設定を変えました",
    "operation.moved": "活動を「{to}」にしました",
    "operator.pin_wrong": "タブレットで、暗証番号が違いました",
    "operator.signed_in": "タブレットの担当者になりました",
    "orientation.before_arrival": "到着の記録がない方が説明を受けました",
    "orientation.checklist_set": "説明で話すことを直しました",
    "orientation.ended": "説明の回を終えました",
    "orientation.opened": "説明の回を開きました",
    "orientation.reopened": "説明の回を続けています",
    "orientation.room_attended": "説明の回の全員に、受けた印をつけました",
    "orientation.room_undone": "説明の回の全員の印を取り消しました",
    "orientation.taken_back": "説明を受けた印を、端末で取り消しました",
    "orientation.ticked": "説明で話したことに印をつけました",
    "paper.line_keyed": "用紙の1行を入力しました",
    "paper.period_ended": "紙の受付を終わりました",
    "paper.period_recorded": "紙で受け付けた時間を記録しました",
    "paper.printed": "番号の入った用紙を印刷しました",
    "paper.sheet_settled": "用紙がどうなったかを記録しました",
    "person.added": "住民の方を登録しました",
    "person.edited": "住民の方の登録を直しました",
    "person.merged": "同じ住民の方の登録を1つにまとめました",
    "person.unmerged": "まとめた住民の方の登録を、別々に戻しました",
    "photo.added": "写真を加えました",
    "photo.removed": "写真を消しました",
    "proposal.accepted": "班の提案を決めました",
    "proposal.rejected": "班の提案を見送りました",
    "match.weights_set": "提案で何を大事にするかを変えました",
    "match.what_if": "「もし…だったら」を計算しました",
    "match.what_if_asked": "「もし…だったら」の計算を頼みました",
    "queue.banned": "このお宅には行かない人を決めました",
    "queue.held": "マッチングを見合わせました",
    "queue.locked": "行き先を決めました",
    "queue.pinned": "班を固定しました",
    "queue.released": "マッチングの見合わせをやめました",
    "queue.unbanned": "行かないと決めた人を元に戻しました",
    "queue.unlocked": "行き先を決めたのを取り消しました",
    "queue.unpinned": "班の固定をはずしました",
    "questions.answered": "{it}が今日の質問に答えました",
    "questions.taken_back": "{it}の今日の質問の答えを取り消しました",
    "questions.set": "今日の質問を決めました",
    "queue_file.taken": "端末のファイルから記録を取り込みました",
    "device.entered_from_file": "ファイルの端末を控えました",
    "recovery_sheet.shown": "バックアップの復旧シートを表示しました",
    "refusal.dismissed": "受け取れなかった記録を見ました",
    "scan.failed": "読めないカードがありました",
    "scan.handled": "読めなかったカードを見て、片づけました",
    "sign_in_link.issued": "サインインのリンクを作りました",
    "sign_in_link.used": "リンクでサインインしました",
    "site.added": "拠点を加えました",
    "survey.absent": "調査に行きましたが、不在でした",
    "survey.booked": "調査の約束をしました",
    "survey.cancelled": "調査の約束を取りやめました",
    "survey.chosen": "2つの調査のうち、使うほうを決めました",
    "survey.done": "調査が済みました",
    "survey.items_made": "見立てから作業をつくりました",
    "survey.ordered": "調査の班の回る順を決めました",
    "survey.rebooked": "調査の約束の日時を変えました",
    "survey.round_dropped": "調査の班を消しました",
    "survey.round_edited": "調査の班を直しました",
    "survey.round_made": "調査の班をつくりました",
    "survey.told": "調査の結果が届きました",
    "recall.answer_taken_back": "呼び戻しで、{it}について書いたことを取り消しました",
    "recall.answered": "呼び戻しで、{it}のことを聞きました",
    "recall.ended": "呼び戻しを終わりました",
    "recall.started": "全班を呼び戻しました",
    "safety.rules_set": "暑さ・天気・おくれの決まりを変えました",
    "safety.wbgt_read": "暑さ指数を入力しました",
    "safety.weather_began": "警報などが出たと入力しました",
    "safety.weather_ended": "警報などが解除されたと入力しました",
    "team.came_after_all": "{it}の帰着にいなかった人が、ここにいると分かりました",
    "team.called_late": "戻りのおそい{it}に電話しました",
    "team.clash": "{it}の人を、別の班に入れようとしました",
    "team.dissolved": "{it}を解散しました",
    "team.formed": "{it}を組みました",
    "team.leader_set": "{it}のリーダーを変えました",
    "team.cars_set": "{it}の車と運転者を変えました",
    "team.key_back": "{it}の車のかぎが戻りました",
    "team.left": "{it}が外に出ました",
    "team.member_added": "{it}に人を加えました",
    "team.member_removed": "{it}から人を外しました",
    "team.overruled": "{it}を、注意を確かめたうえで決めました",
    "team.return_taken_back": "{it}は、まだ外にいます（帰着の取り消し）",
    "team.released": "{it}の人の手が空きました",
    "towns.kept": "町丁目の一覧を入れました",
    "triage.rule_edited": "お受けできないことの決まりを直しました",
    "user.created": "職員を加えました",
    "user.deactivated": "職員の利用を止めました",
    "user.password_set": "自分のパスワードを変えました",
    "user.renamed": "職員の表示名を変えました",
    "user.roles_set": "職員の役割を変えました",
    "visit.annulled": "{it}の受付を取り消しました",
    "visit.arrived": "{it}の受付をしました",
    "visit.closed_by_desk": "{it}の帰宅を職員が確かめました",
    "visit.earlier_arrival": "{it}の到着の時刻を早いほうに直しました",
    "visit.flagged": "{it}の受付に印を付けました",
    "visit.insurance_from_tomorrow": "{it}が保険に入りました（明日から）",
    "visit.insurance_seen": "{it}の保険を確認しました",
    "visit.moved": "{it}の受付を、同じ人のもう1つの登録に移しました",
    "visit.moved_back": "{it}の受付を、元の登録に戻しました",
    "visit.left": "{it}が帰りました",
    "visit.left_unseen": "{it}が帰りました（到着の記録がありません）",
    "visit.oriented": "{it}が説明を受けました",
    "visit.refolded": "{it}の時刻を、あとから届いた記録で直しました",
    "visit.taken_back": "{it}の受付の記録を、端末で取り消しました",
    "visit.unreturned": "{it}の帰りの記録がありません",
    "visit.unseen": "{it}の説明・保険の記録を、端末で取り消しました",
    "visit.walked_in": "{it}を受付で登録しました",
    "volunteer.agreed": "{it}が注意事項に同意しました",
    "volunteer.agreement_taken_back": "{it}が注意事項に同意した記録を取り消しました",
    "volunteer.blocked": "{it}の受付を止めました",
    "volunteer.corrected": "{it}の登録を直しました",
    "volunteer.merged": "{it}の登録を、同じ人のもう1つの登録にまとめました",
    "volunteer.unmerged": "{it}の登録を、元の2つに戻しました",
    "volunteer.registered": "{it}を登録しました",
    "volunteer.unblocked": "{it}の受付を元に戻しました",
    "volunteer.withdrawn": "{it}の登録を取り消しました",
    "person.imported": "住民をファイルから取り込みました",
    "needs.exported": "困りごとをファイルに書き出しました",
    "web_request.answer_seen": "{it}の本人からの返事を読みました",
    "web_request.answered": "{it}の本人が、リンクから返事をしました",
    "web_request.link_made": "{it}の本人用のリンクを出しました",
    "web_request.link_stopped": "{it}の本人用のリンクを止めました",
    "team.stayed": "{it}は、まだ出発していません（出発の取り消し）",
    "zone.added": "危険な区域を地図に加えました",
    "zone.removed": "危険な区域を地図から消しました",
}
VIA: Final[Mapping[str, str]] = {
    "command": "このコンピューター", "desk": "窓口", "drill": "訓練の台本", "leader": "リーダーの電話", "link": "リンク",
    "paper": "紙からの入力", "phone": "本人の電話", "system": "自動", "tablet": "タブレット", "web": "本人（ウェブ）",
}  # fmt: skip
# What the log can be narrowed to: subject types, by area.
AREAS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "needs": (
        "困りごと",
        ("help_requests.", "maps.", "people.", "photos.", "queue.", "survey.", "web_requests.", "exchange."),
    ),
    "volunteers": ("ボランティアとカード", ("volunteers.",)),
    "reception": ("受付", ("checkin.", "orientation.", "questions.", "paper.", "sync.")),
    "teams": (
        "マッチングと班",
        (
            "teams.",
            "proposals.",
            "dispatch.",
            "equipment.",
            "loans.",
            "evening.",
            "field.",
            "trips.",
            "safety.",
            "control.",
        ),
    ),
    "center": ("センターと職員", ("operations.", "accounts.", "devices.", "operators.", "drills.")),
}
_TO: Final[Mapping[str, str]] = {
    **{state.value: str(state.label) for state in NeedState},
    "preparing": "準備中",
    "open": "開設中",
    "closed": "閉所",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One entry for people: when, who, what, and what else is worth saying."""

    at: datetime
    who: str
    text: str
    note: str


def lines(entries: Iterable[Entry], *, names: bool) -> list[Line]:
    """Entries in words. `names`: whether volunteers are called by name. At most seven queries.

    The entries need `actor` and `device` selected with them.
    """
    rows = list(entries)
    things = _things(rows, names=names)
    return [Line(row.at, _who(row), _text(row, things), _note(row)) for row in rows]


def _who(entry: Entry) -> str:
    if entry.actor is not None:
        return entry.actor.display_name
    if entry.device is not None:
        return f"タブレット「{entry.device.name}」"
    return VIA.get(entry.via, entry.via)


def _text(entry: Entry, things: Mapping[tuple[str, str], str]) -> str:
    said = WORDS.get(entry.action, entry.action)
    thing = things.get((entry.subject_type, entry.subject_id), "")
    to = str(entry.details.get("to", "")) if isinstance(entry.details, dict) else ""
    return said.format(it=thing or "記録", to=_TO.get(to, to))


def _note(entry: Entry) -> str:
    details: dict[str, Any] = entry.details
    if entry.action == "dispatch.reported" and details.get("outcome") in Outcome.values:
        note = str(Outcome(details["outcome"]).label)
        return (
            note
            + ("　けがあり" if details.get("injury") else "")
            + ("　見守り" if details.get("watch") else "")
        )
    if entry.action == "dispatch.departed" and details.get("overridden"):
        return f"センター長の判断：{details.get('reason', '')}"
    if entry.action in ("dispatch.cancelled", "dispatch.visit_dropped"):
        return str(details.get("reason", ""))
    if entry.action == "recall.ended":
        return str(details.get("reason", ""))
    if entry.action == "recall.answered" and details.get("how") in How.values:
        return str(How(details["how"]).label)
    if entry.action == "match.done":
        return f"{details.get('offers', 0)}件"
    return ""


def _things(entries: list[Entry], *, names: bool) -> dict[tuple[str, str], str]:
    """What each subject is called on the screens. One query a kind."""
    kinds: dict[str, Callable[[set[int]], dict[int, str]]] = {
        "help_requests.need": lambda pks: {
            pk: f"困りごとN{number}"
            for pk, number in Need.objects.filter(pk__in=pks).values_list("pk", "number")
        },
        "teams.team": lambda pks: {
            pk: f"{number}班" for pk, number in Team.objects.filter(pk__in=pks).values_list("pk", "number")
        },
        "dispatch.dispatch": lambda pks: {
            pk: f"{team}班（N{need}）"
            for pk, team, need in Dispatch.objects.filter(pk__in=pks).values_list(
                "pk", "team__number", "need__number"
            )
        },
        "checkin.visit": lambda pks: {
            visit.pk: _person(visit.volunteer, names=names)
            for visit in Visit.objects.filter(pk__in=pks).select_related("volunteer")
        },
        "equipment.toolitem": lambda pks: {
            item.pk: str(item) for item in ToolItem.objects.filter(pk__in=pks)
        },
        "loans.loan": lambda pks: {
            loan.pk: loan.what if loan.item_id else f"{loan.what}{loan.count}"
            for loan in Loan.objects.filter(pk__in=pks).select_related("item")
        },
        "volunteers.volunteer": lambda pks: {
            person.pk: _person(person, names=names) for person in Volunteer.objects.filter(pk__in=pks)
        },
    }
    found: dict[tuple[str, str], str] = {}
    for kind, ask in kinds.items():
        wanted = {int(row.subject_id) for row in entries if row.subject_type == kind}
        if wanted:
            found |= {(kind, str(pk)): text for pk, text in ask(wanted).items()}
    return found


def _person(volunteer: Volunteer, *, names: bool) -> str:
    return f"{volunteer.name}さん" if names else "ボランティア"
