"""What is said: every sentence of an explanation, and the names of what may be missing."""

from __future__ import annotations

from typing import Final

from matching.solver.model import Reason

NAMES: Final = {
    "blower": "送風機", "brush": "デッキブラシ", "care": "介護・福祉", "carpenter": "大工仕事", "carpentry": "大工・建築",
    "cart": "台車", "chainsaw": "チェーンソー", "childcare": "保育", "cook": "調理・配食", "counselor": "相談・傾聴",
    "crowbar": "バール", "driver": "運転", "electric": "電気", "en": "英語", "generator": "発電機", "heavy": "重機",
    "interpreter": "通訳", "ja": "日本語", "ko": "韓国語", "ladder": "はしご", "machinery": "重機",
    "ne": "ネパール語", "nurse": "看護", "pc": "パソコン・事務", "pt": "ポルトガル語", "roofing": "屋根の作業",
    "rope": "ロープ", "sandbag": "土のう袋（10枚）", "sheet": "ブルーシート", "shovel": "角スコップ", "sign": "手話",
    "spade": "剣スコップ", "tl": "タガログ語", "vi": "ベトナム語", "washer": "高圧洗浄機", "wheelbarrow": "一輪車",
    "zh": "中国語",
}  # fmt: skip
"""Skills, tools and languages as people say them; a code without a name is shown as it is."""

OF_NEEDS: Final = {
    # A need waits. {missing}: how many more would be enough; {name}: what of; {who}: 人, or 女性 where only women may go.
    "car": "車の席が足りません。{seats}人以上乗れるセンターの車があと{missing}台あれば出せます。",
    "conditions": "いまの条件では組める形がありません。人数・技能・時間の条件を見直してください。",
    "held": "見合わせ中の困りごとです。再開すると、また組み合わせの対象になります。",
    "lang": "{name}を話せる{who}がいません。あと1人いれば出せます。",
    "no_driver": "センターの車を運転できる{who}が足りません。あと{missing}人いれば出せます。",
    "no_leader": "リーダーになれる{who}が足りません。経験のある{who}があと1人いれば出せます。",
    "no_woman": "女性が足りません。条件に合う女性があと{missing}人いれば出せます。",
    "not_worth": "組むことはできますが、移動などの手間に見合わないと計算されました。必要なら手で組んでください。",
    "own_car": "車の席が足りません。{seats}人以上乗れる車で来ている{who}があと{missing}人いれば出せます。",
    "people": "人が足りません。条件と時間の合う人があと{missing}人いれば出せます。",
    "possible": "いま残っている人と物で組めます。急ぐときは手で組んでください。",
    "several": "足りないものがいくつかあります。{all}がそろえば出せます。",
    "shuttle": "送迎の席が足りません。あと{missing}席あれば出せます。",
    "skill": "{name}のできる{who}が足りません。あと{missing}人いれば出せます。",
    "time": "いまからでは、受け入れの時間内に作業が終わりません。日を改めるか、時間を相談してください。",
    "tool": "{name}が足りません。あと{missing}つあれば出せます。",
    "truck": "軽トラックが足りません。あと1台あれば出せます。",
    "unreachable": "遠いため、作業をして終了時刻までに戻れません。日を改めて、早い時間に出してください。",
}  # fmt: skip
OF_PEOPLE: Final = {
    # A person is idle.
    "conflict_inside": "いっしょに行動する人たちの中に、同じ班にしないと決めた人がいます。どちらかを見直してください。",
    "foe_there": "入れる班には、同じ班にしないと決めた人がいます。次の困りごとが入るまでお待ちください。",
    "group_incomplete": "いっしょに行動する人が、全員はそろっていません。受付で確かめてください。",
    "group_too_large": "{size}人いっしょに入れる困りごとがありません。分かれてよいか聞いてみてください。",
    "lock_impossible": "行き先を決めてありますが、いまはそこへ出せません。行き先を見直してください。",
    "mate_locked": "いっしょに行動する人の行き先を決めてありますが、いまはそこへ出せません。行き先を見直してください。",
    "no_gain": "入れる班はありますが、人数はもう足りています。次の困りごとが入るまでお待ちください。",
    "no_guardian": "つきそう大人が、いま出られません。つきそいの人を確かめてください。",
    "no_needs": "いま、出せる困りごとがありません。次の困りごとが入るまでお待ちください。",
    "no_seat": "入れる班はありますが、車や送迎の席が足りません。席が増えれば入れます。",
    "no_suitable": "本人の条件（体力・経験・年齢・希望しない作業など）に合う困りごとが、いまはありません。",
    "taken": "条件に合う困りごとは、ほかの班が受け持っています。次の困りごとが入るまでお待ちください。",
    "teams_full": "条件に合う班は、どこも人数がいっぱいです。次の困りごとが入るまでお待ちください。",
    "too_short": "本人の帰る時刻や活動の終わりまでに戻れる困りごとがありません。短い作業が入るまでお待ちください。",
    "uninsured": "ボランティア保険の手続きがまだです。受付で手続きをすると、組み合わせの対象になります。",
    "waits": "条件に合う困りごとは待っていますが、ほかの人や物が足りず、まだ出せません。「待っている困りごと」に、足りないものが出ています。",
}  # fmt: skip
OF_TEAMS: Final = {
    "why_announced": "すでにお知らせした行き先のままです（{count}人）。",
    "why_chain": "近くの困りごとを{count}件、続けて回れます。",
    "why_close": "移動は合わせて{minutes}分で、ほかの班の平均より短くてすみます。",
    "why_full": "ちょうどよい人数（{count}人）がそろいます。",
    "why_heavy": "今日の困りごとの中で、優先度が高いものです。",
    "why_lang": "{name}を話せる人がいます。",
    "why_leader": "必要な経験のあるリーダーがいます。",
    "why_locked": "行き先を決めてある人がいます。",
    "why_pinned": "出発した、または固定した班です。そのままにしています。",
    "why_prev": "前にも伺った人が{count}人います。",
    "why_skill": "{name}のできる人がいます。",
    "why_tier1": "いちばん急ぐ困りごとです。",
    "why_together": "いっしょに来た人たちが、分かれずに行けます。",
    "why_truck": "軽トラックを出せます。",
    "why_wish": "この作業を希望した人が{count}人います。",
    "why_woman": "必要な女性の人数がそろいます。",
    "why_worth": "人がそろい、いま出せる困りごとです。",
}  # fmt: skip

TEXTS: Final = {**OF_NEEDS, **OF_PEOPLE, **OF_TEAMS}

PIECES: Final = {
    "car": "{seats}人以上乗れるセンターの車{missing}台", "lang": "{name}を話せる{who}", "no_driver": "センターの車を運転できる{who}{missing}人",
    "no_leader": "リーダーになれる{who}1人", "no_woman": "条件に合う女性{missing}人", "own_car": "{seats}人以上乗れる車で来ている{who}{missing}人",
    "people": "条件と時間の合う人{missing}人", "shuttle": "送迎の席{missing}席", "skill": "{name}のできる{who}{missing}人",
    "tool": "{name}{missing}つ", "truck": "軽トラック1台",
}  # fmt: skip
"""The same shortages as parts of one sentence, when several are missing."""

LOCK_NOTES: Final = {
    "impossible": "行き先を決めた人をその困りごとに入れると、班が組めません。行き先か困りごとの条件を見直してください。",
    "need_gone": "決めた行き先の困りごとが、いまの一覧にありません。行き先を決め直してください。",
    "need_held": "決めた行き先の困りごとは見合わせ中です。再開するか、行き先を決め直してください。",
    "need_pinned": "決めた行き先には、固定した班がもう入っています。行き先を決め直してください。",
    "person_gone": "行き先を決めた人が、いまの一覧にいません。来ているか確かめてください。",
    "person_out": "行き先を決めた人は、いま出られません。保険の手続きと、グループがそろっているかを確かめてください。",
    "person_pinned": "行き先を決めた人は、固定した班にもう入っています。どちらかを直してください。",
}  # fmt: skip


def say(code: str, **params: str | int | float) -> Reason:
    """A reason in words; the kind of a code such as "skill:chainsaw" is the part before the colon."""
    kind, _, what = code.partition(":")
    return Reason(code, TEXTS[kind].format(name=NAMES.get(what, what), **params), params)


def piece(code: str, missing: int, *, who: str, seats: int) -> str:
    """One of several shortages, as a part of a sentence."""
    kind, _, what = code.partition(":")
    return PIECES[kind].format(name=NAMES.get(what, what), missing=missing, who=who, seats=seats)
