"""Every refusal of the system, in plain Japanese: what is the matter and what to do next.

Keys are `area.reason`. Sentences may hold `{placeholders}`, filled by `Refused(code, name=…)`.
Sections are in the order of the house; keys inside a section are alphabetical.
"""

from __future__ import annotations

from typing import Final

REFUSALS: Final[dict[str, str]] = {
    # operations and accounts
    "account.inactive": "この利用者は停止されています。センター長に確認してください。",
    "account.link_used": "このリンクは使用済みか期限切れです。センター長に新しいリンクを発行してもらってください。",
    "account.not_allowed": "この操作はあなたの役割ではできません。担当の班長かセンター長に頼んでください。",
    "account.too_many_tries": "続けて間違えたため、しばらく入れません。5分ほど待つか、センター長にリンクを発行してもらってください。",
    "account.wrong_password": "サインイン名かパスワードが違います。大文字・小文字を確かめて、もう一度入力してください。",
    "center.exists": "センターはもう準備されています。名前などは「設定」で直せます。",
    "center.last_chief": "センター長が1人もいなくなるため、変更できません。先に別の人をセンター長にしてください。",
    "device.revoked": "この端末は使用停止になっています。別の端末を使い、センター長に知らせてください。",
    "device.unknown": "この端末は登録されていません。職員がサインインして端末を登録してください。",
    "operation.closed": "「{name}」は閉所しています。記録を足すには、センター長に再開を頼んでください。",
    "operation.not_drill": "「{name}」は訓練ではないので、消去できません。",
    "operation.ordinary_stays": "ふだんの活動は閉所できません。災害や訓練とは別に、いつも開いています。",
    "operation.teams_out": "まだ{count}チームが現地に出ています。全員の帰着を確認してから閉所してください。",
    "operation.people_present": "まだ{count}人が受付中のままです。帰りの受付をするか、理由を書いて締めてください。",
    # volunteers and cards
    "card.bound_to_other": "このカードは別の人に使われています。箱から新しいカードを取って、読み取り直してください。",
    "card.count": "一度に作れるカードは1～{most}枚です。枚数を分けて作ってください。",
    "card.drill_only": "これは訓練用のカードです。訓練で登録した人にだけ使えます。本番用のカードを使ってください。",
    "card.foreign": "別のセンターのカードです。このセンターのカードを渡してください。",
    "card.forged": "このカードは確認できません。使わずに預かり、センター長に知らせてください。",
    "card.has_card": "この人はもうカードを持っています。なくした・破れたときは「カードを作り直す」を押してください。",
    "card.key_missing": "カードを作るための鍵がこのコンピューターにありません。バックアップの keys フォルダーを戻してから、もう一度作ってください。",
    "card.real_only": "これは本番用のカードです。訓練で登録した人には、訓練用のカードを使ってください。",
    "card.revoked": "このカードは紛失か作り直しの届けがあり、もう使えません。新しいカードを渡してください。",
    "card.unknown": "このカードは登録がありません。番号を確かめるか、お名前か電話番号で探してください。",
    "card.unreadable": "カードを読み取れませんでした。もう一度読み取るか、カードの下の8文字を入力してください。",
    "card.wrong_purpose": "ボランティア用のカードではありません。ボランティア用のカードを使ってください。",
    "group.name_missing": "団体名を入力してください。",
    "insurance.joined_in_future": "加入した日が先の日付になっています。加入の手続きをした日を入力してください。",
    "volunteer.birth_date": "生年月日が正しくありません。1961-5-4 や S36.5.4 のように入力してください。",
    "volunteer.blocked_without_reason": "受付を止める理由を入力してください。あとで見る人が困らないように、短く書いてください。",
    "volunteer.choice": "「{field}」に、選べない内容が入っています。画面を開き直して選び直してください。",
    "volunteer.guardian": "付き添う保護者には、登録のある18歳以上の別の人を選んでください。",
    "volunteer.name_missing": "姓を入力してください。姓と名を分けられないときは、姓の欄に全部入力してください。",
    "volunteer.phone": "「{field}」の電話番号の桁数が違います。市外局番から入力してください（例：090-0000-0012）。",
    "volunteer.text": "「{field}」に、保存できない文字が入っています。消して入力し直してください。",
    "volunteer.too_long": "「{field}」は{most}文字までです。短くして入力し直してください。",
    "volunteer.withdrawn": "この人の登録は取り消されています。もう一度登録してください。",
    # queue, proposals, teams, equipment
    "team.busy": "班の番号がほかの操作と重なりました。もう一度「決定」を押してください。",
    "team.driver_leaving": "{name}さんはこの班の運転者です。先に別の運転者を決めるか、班を解散して組み直してください。",
    "team.driver_needed": "「{vehicle}」の運転者を選んでください。",
    "team.driver_not_allowed": "{name}さんは運転者にできません。班の中から、運転のできる18歳以上の人を選んでください。",
    "team.empty": "班に入る人を1人以上選んでください。",
    "team.is_out": "{number}班はもう出発しています。変更は帰着してから行ってください。",
    "team.is_over": "{number}班はもう終わっています。画面を開き直して、新しい班を組んでください。",
    "team.leader_leaving": "{name}さんはこの班のリーダーです。先に別の人をリーダーにしてください。",
    "team.leader_minor": "{name}さんは18歳未満なので、リーダーにできません。別の人を選んでください。",
    "team.leader_not_member": "リーダーは班の中の人から選んでください。",
    "team.minor_without_guardian": "{name}さんは18歳未満です。付き添いの保護者も同じ班に入れてください。",
    "team.person_left": "{name}さんはいま受付していません（帰ったか、まだ来ていません）。別の人を選んでください。",
    "team.person_taken": "{name}さんは、ほかの班に決まりました。別の人を選んでください。",
    "team.vehicle_taken": "「{vehicle}」は、ほかの班が使っています。別の車を選んでください。",
}
