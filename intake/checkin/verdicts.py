"""What a scan comes to: machine code → colour, word and sentence (source: sync.md §5). The one place for these texts;
the tablet gets them with its snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Tone = Literal["ok", "warn", "stop"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`tone` picks colour, icon and sound; `title` is the big word; `say` what to do next."""

    tone: Tone
    title: str
    say: str


VERDICTS: Final[dict[str, Verdict]] = {
    "ok": Verdict("ok", "受付しました", "どうぞお入りください。"),
    "ok_left": Verdict(
        "ok", "帰りを記録しました", "おつかれさまでした。けがや体調の変化がないか聞いてください。"
    ),
    "ok_oriented": Verdict("ok", "説明済みにしました", "このまま出発の準備に進めます。"),
    "oriented_before_arrival": Verdict(
        "warn",
        "説明を記録しました（到着がまだ）",
        "到着の記録がありません。「到着」に切り替えて、このカードをもう一度読み取ってください。",
    ),
    "insured_before_arrival": Verdict(
        "warn",
        "保険を記録しました（到着がまだ）",
        "到着の記録がありません。「到着」に切り替えて、このカードをもう一度読み取ってください。",
    ),
    "ok_insured": Verdict("ok", "保険を確認しました", "このまま出発の準備に進めます。"),
    "ok_answered": Verdict("ok", "答えを記録しました", "どうぞお進みください。"),
    "answered_lend": Verdict(
        "warn", "足りない物があります", "資材の係で借りてもらい、借りたら下の質問を「ある」に直してください。"
    ),
    "answered_talk": Verdict(
        "warn",
        "班長を呼んでください",
        "答えを記録しました。班長が本人の話を聞くまで、座って待っていただいてください。",
    ),
    "ok_lent": Verdict("ok", "貸し出しました", "声に出して数を確かめて、渡してください。"),
    "lent_twice": Verdict(
        "warn",
        "貸しました。ほかの班にも貸したままです",
        "どちらの班が持っているかを、担当者が「確かめること」で決めます。実物を見て、札の番号を確かめてください。",
    ),
    "lent_broken": Verdict(
        "warn", "貸しました。こわれている品です", "直したものでなければ、別のものに替えてください。"
    ),
    "lent_uncounted": Verdict(
        "warn", "貸しました。数が合いません", "記録より多く貸しています。棚の残りを数え直してください。"
    ),
    "ok_given_back": Verdict("ok", "返却を記録しました", "汚れを落として、元の場所に戻してください。"),
    "given_back_unknown": Verdict(
        "warn", "返却を記録しました", "貸した記録が、まだ届いていません。届いたら自動でつながります。"
    ),
    "no_such_tool": Verdict(
        "stop", "この札の資機材はありません", "番号8文字を入力し直すか、数で貸し出してください。"
    ),
    "ok_bound": Verdict(
        "ok", "カードを渡しました", "カードの番号と名前が合っているか、声に出して確かめてください。"
    ),
    "ok_again": Verdict("ok", "受付しました（今日2回目）", "おかえりなさい。どうぞお入りください。"),
    "guardian_required": Verdict(
        "warn", "受付しました。未成年の方です", "保護者の同意書を確かめるまで、出発できません。"
    ),
    "insurance_missing": Verdict(
        "warn", "受付しました。保険が未確認です", "加入証を見せてもらい「保険を確認した」を押してください。"
    ),
    "consent_outdated": Verdict(
        "warn",
        "受付しました。注意事項が新しくなっています",
        "新しい注意事項を読んでもらい、よければ「同意した」を押してください。",
    ),
    "ok_agreed": Verdict("ok", "同意を記録しました", "このまま出発の準備に進めます。"),
    "incomplete": Verdict(
        "warn",
        "受付しました。登録に足りない所があります",
        "下の内容を聞いて「ボランティア」の画面で登録してください。",
    ),
    "full": Verdict(
        "warn", "受付しました。定員を超えています", "待機の席に案内し、マッチング班に人数を知らせてください。"
    ),
    "walked_in_without_card": Verdict(
        "warn", "受付しました。カードは渡せません", "箱から別のカードを取り、名前で探して渡してください。"
    ),
    "annulled": Verdict(
        "ok",
        "取り消しました",
        "この記録はなかったことになりました。来ている人なら、もう一度読み取ってください。",
    ),
    "group_arrived": Verdict("ok", "団体を受付しました", "みなさん、どうぞお入りください。"),
    "group_arrived_but": Verdict(
        "warn", "団体を受付しました（確かめる人がいます）", "下の方を確かめてください。"
    ),
    "group_left": Verdict(
        "ok", "団体の帰りを記録しました", "おつかれさまでした。けがや体調の変化がないか聞いてください。"
    ),
    "group_left_but": Verdict(
        "warn", "団体の帰りを記録しました（確かめる人がいます）", "下の方を確かめてください。"
    ),
    "group_nobody_came": Verdict(
        "warn",
        "新しく受付した人はいません",
        "来た人に印をつけるか、名簿にない人の人数を入れて、もう一度記録してください。",
    ),
    "group_nobody_left": Verdict(
        "warn",
        "新しく帰りを記録した人はいません",
        "帰る人がいるときは、その人に印をつけて、もう一度記録してください。",
    ),
    "unknown_group": Verdict(
        "warn",
        "この端末がまだ知らない団体です",
        "つながってから、もう一度読み取ってください。急ぐときは、1人ずつカードで受付してください。",
    ),
    "unverified_sheet": Verdict(
        "warn",
        "この端末がまだ知らない種類の用紙です",
        "「送信」を押して新しいデータを受け取ってから、もう一度読み取ってください。急ぐときは、1人ずつカードで受付してください。",
    ),
    "group_sheet_here": Verdict(
        "warn", "団体の用紙です", "「到着」か「帰り」に切り替えて、もう一度読み取ってください。"
    ),
    "undo_waits": Verdict(
        "warn", "取り消しを待っています", "元の記録がサーバーに届くと取り消されます。このままで大丈夫です。"
    ),
    "unverified_card": Verdict(
        "warn",
        "記録しました（カードは未確認）",
        "新しい種類のカードです。つながると確認されます。名前を聞いて、名札を渡してください。",
    ),
    "recorded": Verdict(
        "warn", "記録しました（未確認）", "つながると確認されます。名前を聞いて、名札を渡してください。"
    ),
    "already_present": Verdict(
        "warn", "もう受付済みです", "帰る人なら「帰り」に切り替えて、もう一度読み取ってください。"
    ),
    "wrong_site": Verdict(
        "warn",
        "ほかの拠点で受付済みの人です",
        "どちらで活動するかを本人に聞いてください。こちらなら「帰りとして記録」を押してから、もう一度読み取ります。",
    ),
    "ambiguous": Verdict(
        "warn",
        "どの人か、選んでください",
        "まだ受付していません。下から本人を選んでください。いなければ「はじめての人」で受付します。",
    ),
    "already_left": Verdict("warn", "もう帰りを記録しています", "間違いでなければ、このままで大丈夫です。"),
    "not_present": Verdict(
        "warn", "到着の記録がありません", "今日来ていた人なら「到着」で受付してから、帰りを記録してください。"
    ),
    "insurance_not_yet": Verdict(
        "warn", "補償は明日からです", "今日は出発できません。加入済みの証明があるか聞いてください。"
    ),
    "closed_operation": Verdict(
        "warn", "閉所後の記録です", "記録は残しました。センター長に知らせてください。"
    ),
    "unbound_card": Verdict(
        "warn",
        "まだ名前のないカードです",
        "はじめての人なら「このカードで受付」を、登録のある人なら「登録のある人に渡す」を押してください。",
    ),
    "card_in_doubt": Verdict(
        "warn",
        "だれの記録か、まだ決まっていません",
        "カードを渡しまちがえていた間の記録です。本人がここにいれば、もう一度読み取ってください。もういなければ、班長が「確かめること」で決めます。",
    ),
    "unknown_card": Verdict(
        "stop", "台帳にないカードです", "名前と電話番号で探してください。新しいカードを渡せます。"
    ),
    "revoked": Verdict(
        "stop",
        "使えなくなったカードです",
        "紛失か再発行の前のカードです。カードを預かり、名前で受付してください。",
    ),
    "expired_card": Verdict("stop", "期限の切れたカードです", "名前で受付し、新しいカードを渡してください。"),
    "blocked": Verdict(
        "stop", "班長を呼んでください", "この方の受付は班長が行います。その場でお待ちいただいてください。"
    ),
    "foreign_card": Verdict(
        "stop",
        "ほかのセンターのカードです",
        "ここでは使えません。名前で登録し、新しいカードを渡してください。",
    ),
    "unknown_key": Verdict(
        "stop",
        "台帳にない種類のカードです",
        "本物かどうか、ここでは分かりません。名前で受付し、新しいカードを渡してください。このカードは預かって、あとで班長に見せてください。",
    ),
    "forged_card": Verdict(
        "stop", "本物と確かめられないカードです", "カードを預かり、班長を呼んでください。"
    ),
    "drill_card": Verdict(
        "stop", "訓練用のカードです", "本番では使えません。名前で登録し、新しいカードを渡してください。"
    ),
    "wrong_purpose": Verdict(
        "stop",
        "ボランティアのカードではありません",
        "資機材や車のカードです。ボランティアのカードを読み取ってください。",
    ),
    "unreadable": Verdict(
        "stop",
        "読み取れませんでした",
        "ボランティアカードのQRコードを、もう一度ゆっくり当ててください。だめなら、カードの番号8文字を入力してください。",
    ),
    "no_such_code": Verdict(
        "stop", "その番号のカードはありません", "カードの番号8文字を、もう一度見て入力してください。"
    ),
    "no_such_volunteer": Verdict(
        "stop",
        "登録が見つかりません",
        "名前か電話番号で探し直してください。登録がなければ「はじめての人」で受付します。",
    ),
    "ok_surveyed": Verdict(
        "ok", "調査の結果が届きました", "写真が残っていれば、続けて送ります。つぎのお宅へ進んでください。"
    ),
    "ok_absent": Verdict("ok", "不在を記録しました", "センターが電話して、つぎの日時を決めます。"),
    "survey_over": Verdict(
        "warn",
        "この約束は、もう終わっていました",
        "不在の記録は残りません。センターに電話して確かめてください。",
    ),
    "survey_review": Verdict(
        "warn",
        "調査の結果を預かりました",
        "先に決まっていたことがあるので、センターで見くらべます。このままで大丈夫です。",
    ),
    "quarantined": Verdict(
        "warn", "この端末は使用停止です", "記録はセンターに預けました。端末を班長に渡してください。"
    ),
    "still_quarantined": Verdict(
        "warn",
        "記録を預かっています（まだ数えていません）",
        "使用停止の間に届いた記録は、センターの職員が見てから数えます。急ぐときは、班長に、名前で受付するように頼んでください。",
    ),
    "kept_broken": Verdict(
        "warn",
        "記録を預かりました（まだ数えていません）",
        "センターで確かめます。急ぐときは、班長に、名前で受付するように頼んでください。",
    ),
    "quarantine_refused": Verdict(
        "stop", "この記録は取り込まれませんでした", "センターの職員が見て決めました。班長に聞いてください。"
    ),
    "op_id_reused": Verdict(
        "stop", "同じ番号の別の記録があります", "この端末の記録を班長に見てもらってください。"
    ),
    "invalid": Verdict("stop", "記録の形が正しくありません", "この端末の記録を班長に見てもらってください。"),
}

# What the desk's list of scans that led nowhere says instead, where a text speaks of what only a tablet shows.
AT_THE_DESK: Final[dict[str, Verdict]] = {
    "ambiguous": Verdict("warn", "名前だけでは決まりませんでした", "本人を探して、到着を入れてください。"),
    "unreadable": Verdict(
        "stop",
        "読み取れませんでした",
        "ほかのQRコードか、汚れたカードです。本人の受付が済んでいるかを確かめてください。",
    ),
}

# What the answer to a typed name says instead: it may come when the person is not at the desk any more.
OF_A_NAME: Final[dict[str, Verdict]] = {
    "ambiguous": Verdict(
        "warn",
        "だれのことか、まだ決まっていません",
        "まだ記録していません。本人がここにいれば、選ぶか「はじめての人」で受付します。もういなければ、班長が「確かめること」で決めます。",
    ),
    "no_such_volunteer": Verdict(
        "stop",
        "登録が見つかりません",
        "まだ記録していません。本人がここにいれば、名前か電話番号で探し直してください。登録がなければ「はじめての人」で受付します。もういなければ、班長が「確かめること」で決めます。",
    ),
}
