"""The inbox in plain Japanese: what happened, what happens by itself, what a person may choose. The first choice of a
kind is what is proposed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from dvc.accounts.roles import May
from dvc.sync.models import InboxItem, ItemKind

Asks = Literal["", "time", "time_or_none", "person"]


@dataclass(frozen=True, slots=True)
class Choice:
    """`asks`: whether a time is needed, or one of several people; `danger`: takes something back; `reason`: must be said why."""

    code: str
    label: str
    hint: str = ""
    asks: Asks = ""
    danger: bool = False
    reason: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """`what` says what is the matter, `so_far` what the system did by itself, `propose` what to do. `may`: who may see
    and settle it, beside the inbox itself."""

    what: str
    so_far: str
    propose: str
    choices: tuple[Choice, ...]
    may: May | None = None


SITUATIONS: Final[dict[ItemKind, Situation]] = {
    ItemKind.TWO_GATES: Situation(
        "同じ人の到着が、2か所で記録されています。",
        "早いほうの到着を使い、受付は1つにまとめてあります。",
        "どちらも本人なら、このままで大丈夫です。カードを別の人が使っていなかったかを確かめてください。",
        (
            Choice("same_person", "どちらも本人だった（このままにする）"),
            Choice("lent", "カードを別の人が使っていた", "もう1人は、名前で受付してください。", reason=True),
        ),
        May.KEEP_VOLUNTEERS,
    ),
    ItemKind.NO_ARRIVAL: Situation(
        "帰りの記録はありますが、到着の記録がありません。",
        "来ていた人として残してあります。活動の時間は0分になっています。",
        "本人か班のリーダーに、何時ごろ来たかを聞いてください。",
        (
            Choice("came_at", "到着の時刻を入れる", "聞いた時刻を入れてください。", asks="time"),
            Choice("annul", "間違って読み取った（取り消す）", danger=True, reason=True),
        ),
        May.KEEP_VOLUNTEERS,
    ),
    ItemKind.UNRETURNED: Situation(
        "到着の記録はありますが、帰りの記録がありません。",
        "自動では締めません。人が確かめるまで、ここに残ります。",
        "電話をして、家に着いているかを確かめてください。出ないときは、緊急連絡先と班のリーダーにも聞いてください。",
        (
            Choice(
                "phoned_home", "電話で帰宅を確認した",
                "時刻が分からないときは空のままにします。活動の終わりの時刻で締め、「推定」の印が付きます。",
                asks="time_or_none", reason=True,
            ),
            Choice("annul", "来ていなかった（受付を取り消す）", danger=True, reason=True),
        ),
        May.KEEP_VOLUNTEERS,
    ),
    ItemKind.OLD_CARD: Situation(
        "使えなくしたカードで、受付がされています。",
        "そのカードを持っていた人の受付として残し、印を付けてあります。",
        "本人が持っていた古いカードか、なくしたカードを別の人が使ったのかを確かめてください。",
        (
            Choice("same_person", "本人だった（受付を残す）", "古いカードは預かってください。"),
            Choice("annul", "本人ではなかった（受付を取り消す）", danger=True, reason=True),
        ),
        May.KEEP_VOLUNTEERS,
    ),
    ItemKind.CARD_NEVER_BOUND: Situation(
        "名前のないカードが読み取られ、その日のうちに名前が付きませんでした。",
        "だれの受付にもしていません。読み取った記録は残してあります。",
        "箱のカードをためしに読み取っただけなら、使わないことにします。人がいたなら、受付の紙をさがしてください。",
        (
            Choice("drop", "ためしに読み取っただけ（使わない）"),
            Choice("fold", "いまカードを持っている人の受付にする", "カードをその人に渡してから選んでください。", reason=True),
        ),
        May.KEEP_VOLUNTEERS,
    ),
    ItemKind.NEVER_ARRIVED: Situation(
        "保険や説明の記録はありますが、その日の到着の記録がありません。",
        "来た人には数えていません。記録は残してあり、到着の記録が届くと自動で片づきます。",
        "本人か班のリーダーに電話して、その日に来たかを聞いてください。来ていたら、聞いた時刻を入れます。",
        (
            Choice("came_at", "到着の時刻を入れる", "聞いた時刻を入れてください。", asks="time"),
            Choice("not_here", "来ていなかった（使わない）", "記録は消えずに残ります。", danger=True, reason=True),
        ),
        May.KEEP_VOLUNTEERS,
    ),
    ItemKind.SAME_PERSON: Situation(
        "同じ人が、2回登録されているようです。",
        "どちらの登録も使えます。何も変えていません。",
        "名前・電話・生年月日を見くらべてください。同じ人なら1つにまとめます。まとめたあとでも元に戻せます。",
        (
            Choice("merge", "同じ人なので、1つにまとめる", "受付と保険は、先の登録に移ります。カードは、どちらもこの人のものとして使えます。"),
            Choice("different", "別の人だった（このままにする）"),
        ),
        May.KEEP_VOLUNTEERS,
    ),
    ItemKind.NEED_EDIT: Situation(
        "1つの困りごとを、2人が同時に直しました。",
        "先に保存した内容が使われています。あとの人が入力した内容は、下に残してあります。",
        "2つを見くらべ、足りないことがあれば困りごとの画面で直してください。直し終わったら下のボタンを押します。",
        (
            Choice("looked", "見くらべて、直し終わった"),
            Choice("not_needed", "先の内容のままでよい"),
        ),
        May.KEEP_NEEDS,
    ),
    ItemKind.TWO_SURVEYS: Situation(
        "調査の結果が、もう1つ届きました。",
        "この調査は、まだ使っていません。先に決まっていたこと（先の調査、または調査なしの判断）のままです。",
        "下の2つを見くらべてください。この調査を使うと、見つかった危険などが困りごとに書き加えられます。",
        (
            Choice("first", "いまのままでよい（この調査は使わない）", "調査は消えずに残ります。"),
            Choice("second", "この調査を使う", "困りごとの画面で、見立てから作業をつくってください。", reason=True),
        ),
        May.KEEP_NEEDS,
    ),
    ItemKind.TWO_REPORTS: Situation(
        "1つの班から、違う内容の活動報告が2つ届きました。",
        "先の報告が使われています。あとの報告も残してあります。",
        "リーダーに電話して、どちらが正しいかを聞いてください。必要なら困りごとの画面で直します。",
        (
            Choice("first", "先の報告でよい"),
            Choice("second", "あとの報告が正しい（困りごとを直した）", reason=True),
        ),
        May.DISPATCH,
    ),
    ItemKind.TWO_TEAMS: Situation(
        "もう班が決まっている人を、別の班に入れようとした人がいます。",
        "先に決まった班のままです。あとの班には入っていません。",
        "2つの班の担当に声をかけ、その人がどちらに行くかを確かめてください。",
        (
            Choice("told", "先の班のままでよいと確かめた"),
            Choice("changed", "班を組み直した", reason=True),
        ),
        May.MATCH,
    ),
    ItemKind.TOOL_TWICE: Situation(
        "同じ資機材が2か所で貸し出されています。",
        "どちらの貸出も残してあります。先に貸した班のものとして数えています。返却が届くと自動で片づきます。",
        "あとの机に実物があったはずなので、先の班はもう返していたと考えられます。あとの班のリーダーに電話して、手もとにあるかを確かめてください。",
        (
            Choice("later", "あとの班が持っている", "先の貸出は「返却の記録もれ」として終わらせます。"),
            Choice("earlier", "先の班が持っている", "あとの貸出は、まちがいの記録にします。", reason=True),
            Choice("back", "もう返ってきて、ここにある", "どちらの貸出も終わらせます。"),
        ),
        May.DISPATCH,
    ),
    ItemKind.LATE_FACTS: Situation(
        "その日が終わってから、記録が届きました。",
        "記録された日の受付に数え、印を付けてあります。",
        "その日の日報の人数が変わります。報告済みなら、県社協への訂正が要るかを決めてください。",
        (
            Choice("seen", "確かめた"),
            Choice("reported", "訂正を知らせた", reason=True),
        ),
    ),
    ItemKind.BROKEN_OP: Situation(
        "端末からの記録1件を、システムの不具合で取り込めませんでした。",
        "記録は預かってあり、10分ごとに自動でもう一度試します。ほかの記録は取り込みました。",
        "急ぐときは、下の人の受付を名前で入れてください。技術管理者に、この画面を見せてください。",
        (
            Choice("again", "いま、もう一度取り込む"),
            Choice("by_hand", "名前で入れたので、この記録は使わない", "記録は消えずに残ります。", reason=True),
        ),
        May.KEEP_VOLUNTEERS,
    ),
    ItemKind.CARD_TAKEN_BACK: Situation(
        "カードを渡しまちがえて、取り消しました。その間に、このカードで記録されたことがあります。",
        "はじめに渡した人の記録からは外しました。まだだれの記録にもしていません。",
        "その間にカードを持っていたのはだれかを、受付の担当者に聞いてください。カードは、先に正しい人に渡します。いまの持ち主は下に出ています。",
        (
            Choice("holder", "いまカードを持っている人の記録にする", "カードをその人に渡してから選んでください。"),
            Choice("first", "はじめに渡した人の記録だった（戻す）", reason=True),
            Choice("drop", "だれの記録でもない（使わない）", "記録は消えずに残ります。", danger=True, reason=True),
        ),
        May.KEEP_VOLUNTEERS,
    ),
    ItemKind.UNCLEAR_NAME: Situation(
        "名前を入力して記録しましたが、だれのことか決まりませんでした。",
        "同じような名前の人が何人かいるか、登録がありません。まだだれの記録にもしていません。名前と時刻は残してあります。",
        "入力した担当者か本人に聞いて、下から本人を選んでください。いなければ、ほかの名前やふりがなでさがします。登録がなければ、先に登録します。",
        (
            Choice("chosen", "選んだ人の記録にする", "名前を入力したときの時刻で記録します。", asks="person"),
            Choice("by_hand", "ほかの画面で記録した", "もう受付したあとなら、これを選びます。", reason=True),
            Choice("nobody", "まちがって入力した（使わない）", "記録は消えずに残ります。", danger=True, reason=True),
        ),
        May.KEEP_VOLUNTEERS,
    ),
    ItemKind.QUARANTINE: Situation(
        "使用停止にした端末から、送られていなかった記録が届きました。",
        "預かっているだけで、まだどこにも数えていません。",
        "端末がだれの手にあったかを確かめ、上の一覧の時刻と人が本当らしければ取り込んでください。",
        (
            Choice("take_in", "この記録を取り込む"),
            Choice("refuse", "取り込まない", "記録は消えずに残りますが、受付には数えません。", danger=True, reason=True),
        ),
        May.KEEP_DEVICES,
    ),
}  # fmt: skip

# Of an unclear name that has become two people's.
NAME_OF_TWO: Final = Situation(
    "1つの名前の入力が、2人の記録になっています。",
    "1人は「確かめること」か端末で選ばれ、もう1人は別の端末で選ばれました。どちらの記録も残してあります。",
    "名前を入力した担当者か本人たちに聞いて、その時刻にいた人を選んでください。2人ともいたなら、このままにします。",
    (
        Choice("chosen", "選んだ人だけの記録にする", "選ばなかった人の、この記録は取り消されます。", asks="person"),
        Choice("both", "2人ともいた（このままにする）"),
    ),
    May.KEEP_VOLUNTEERS,
)  # fmt: skip

# What each view of an item is.
VIEW_WORDS: Final[dict[str, str]] = {
    "in": "到着の記録",
    "out": "帰りの記録",
    "in_on_paper": "用紙に書かれた到着",
    "out_on_paper": "用紙に書かれた帰り",
    "closed": "職員が帰宅を確認",
    "scanned": "カードを読み取った",
    "typed": "名前を入力した",
    "picked": "端末で本人を選んだ",
    "insured": "保険を確認した",
    "briefed": "説明を受けた",
    "agreed": "注意事項に同意した",
    "answered": "今日の質問に答えた",
    "card_ended": "カードを使えなくした",
    "late": "あとから届いた記録",
    "quarantined": "使用停止の端末から届いた",
    "broken": "取り込めなかった",
    "registered": "登録",
    "edited": "先に保存した内容",
    "not_saved": "保存されなかった内容",
    "surveyed": "先に届いた調査",
    "surveyed_later": "あとから届いた調査",
    "reported": "先に届いた活動報告",
    "reported_later": "あとに届いた活動報告",
    "lent": "貸し出した",
    "in_team": "決まっている班",
    "wanted_in_team": "あとから入れようとした班",
}
SETTLED: Final = "あとから届いた記録で、自動で片づきました"


def situation_of(item: InboxItem) -> Situation:
    """What the item is about as it stands."""
    of_two = item.kind == ItemKind.UNCLEAR_NAME and len(item.subjects.get("volunteer", ())) > 1
    return NAME_OF_TWO if of_two else SITUATIONS[ItemKind(item.kind)]


def choice_of(item: InboxItem, code: str) -> Choice | None:
    """The choice with this code, if the item has it."""
    return next((choice for choice in situation_of(item).choices if choice.code == code), None)
