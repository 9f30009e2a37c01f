"""Every sentence a resident reads on the web request, in three languages side by side, to be proofread together.

`easy` is やさしい日本語: short sentences, spaces between words, no kanji that is not needed. Nothing here promises that
somebody will come: it is a request for a call back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dvc.core.languages import Language

TEXTS: Final[Mapping[str, Mapping[Language, str]]] = {
    # the frame
    "title": {"ja": "お手伝いの相談", "en": "Ask for help at home", "easy": "おてつだいの そうだん"},
    "language": {"ja": "ことば", "en": "Language", "easy": "ことば"},
    "drill": {"ja": "これは訓練です", "en": "This is a drill", "easy": "これは 訓練（くんれん）です"},
    # the form
    "free": {
        "ja": "お金はかかりません。",
        "en": "This is free of charge.",
        "easy": "おかねは いりません。",
    },
    "intro": {
        "ja": "家の片付けや泥出しなどで困っている方の、電話の申し込みです。送っていただくと、センターからお電話します。お話をうかがってから、できることを決めます。",
        "en": "Use this form if you need help at home, for example with mud or furniture. We will call you back. What we can do is decided after we have talked.",
        "easy": "いえの かたづけ などで こまって いる ひとは、ここから おくって ください。センターが でんわを します。はなしを きいてから、できる ことを きめます。",
    },
    "danger": {
        "ja": "命の危険があるときは、119番か110番に電話してください。",
        "en": "If somebody's life is in danger, call 119 (ambulance, fire) or 110 (police).",
        "easy": "いのちが あぶない ときは、119か 110に でんわして ください。",
    },
    "call": {
        "ja": "電話でも受け付けています",
        "en": "You can also call us",
        "easy": "でんわでも いいです",
    },
    "name": {"ja": "お名前", "en": "Your name", "easy": "あなたの なまえ"},
    "phone": {
        "ja": "電話番号",
        "en": "Your phone number",
        "easy": "電話番号（でんわばんごう）",
    },
    "phone_hint": {
        "ja": "センターからお電話する番号です。",
        "en": "We will call this number.",
        "easy": "この 番号に でんわを します。",
    },
    "who": {"ja": "困っているのは", "en": "Who needs help?", "easy": "だれが こまって いますか"},
    "who_self": {"ja": "自分", "en": "I do", "easy": "わたし"},
    "who_other": {
        "ja": "家族やほかの人",
        "en": "A relative or somebody else",
        "easy": "かぞくや ほかの ひと",
    },
    "resident": {
        "ja": "その方のお名前（ほかの人のとき）",
        "en": "Their name (if somebody else)",
        "easy": "その ひとの なまえ（ほかの ひとの とき）",
    },
    "address": {
        "ja": "困っている家の場所（住所）",
        "en": "Address of the house",
        "easy": "いえの 住所（じゅうしょ）",
    },
    "address_hint": {
        "ja": "分かるところまででかまいません。",
        "en": "As far as you know it.",
        "easy": "わかる ところまで かいて ください。",
    },
    "description": {
        "ja": "困っていること",
        "en": "What do you need help with?",
        "easy": "こまって いる こと",
    },
    "description_hint": {
        "ja": "例：床下に泥が入った。ぬれた畳とたんすを外に出したい。",
        "en": "Example: mud under the floor; wet furniture must go out.",
        "easy": "れい：いえの なかに どろが はいりました。おもい ものを そとに だしたいです。",
    },
    "when": {
        "ja": "電話してよい時間",
        "en": "Good time to call",
        "easy": "でんわを して いい 時間（じかん）",
    },
    "privacy": {
        "ja": "うかがったことは、お電話とお手伝いの相談だけに使います。",
        "en": "We use what you write only to call you and to talk about help.",
        "easy": "かいた ことは、でんわと そうだん だけに つかいます。",
    },
    "required": {"ja": "必須", "en": "required", "easy": "かならず"},
    "send": {"ja": "電話を申し込む", "en": "Ask for a call", "easy": "でんわを たのむ"},
    "not_sent": {
        "ja": "まだ送られていません。",
        "en": "Not sent yet.",
        "easy": "まだ おくって いません。",
    },
    "mend": {
        "ja": "印のついたところを直して、もう一度送ってください。",
        "en": "Please mend the marked answers and send again.",
        "easy": "しるしの ところを なおして、もういちど おくって ください。",
    },
    # what was wrong with an answer
    "error_phone_missing": {
        "ja": "電話番号を入れてください。電話がない方は、センターか避難所の人に声をかけてください。",
        "en": "Please give a phone number. If you have none, please tell the staff of the center or the shelter.",
        "easy": "電話番号を かいて ください。でんわが ない ひとは、センターか ひなんじょの ひとに いって ください。",
    },
    "error_phone": {
        "ja": "電話番号のけた数が違います。市外局番から入れてください（例：090-0000-0012）。",
        "en": "This phone number is too short or too long. Example: 090-0000-0012",
        "easy": "電話番号が ちがいます。れい：090-0000-0012",
    },
    "error_description": {
        "ja": "困っていることを、ひとことでよいので書いてください。",
        "en": "Please write a few words about what you need.",
        "easy": "こまって いる ことを すこし かいて ください。",
    },
    "error_long": {
        "ja": "長すぎます。短くして、もう一度送ってください。くわしいことは電話でうかがいます。",
        "en": "This is too long. Please shorten it; you can tell us more on the phone.",
        "easy": "ながすぎます。みじかく して ください。でんわで ききます。",
    },
    "error_letters": {
        "ja": "保存できない文字が入っています。消して入れ直してください。",
        "en": "Some characters cannot be stored. Please remove them.",
        "easy": "つかえない もじが あります。けして ください。",
    },
    "error_filled": {
        "ja": "見えない欄に文字が入っています。この画面を開き直して、もう一度入れてください。",
        "en": "A hidden field was filled in. Please open this page again.",
        "easy": "もういちど この ページを ひらいて ください。",
    },
    "error_old": {
        "ja": "時間がたったため、送れませんでした。下の内容は残っています。もう一度ボタンを押してください。",
        "en": "The page was open too long. Your answers are still here: please press the button again.",
        "easy": "じかんが たちました。もういちど ボタンを おして ください。",
    },
    "error_fast": {
        "ja": "画面を開いてすぐに送られたので、まだ受け取っていません。内容を確かめて、もう一度ボタンを押してください。",
        "en": "That was too fast for us. Please check your answers and press the button again.",
        "easy": "はやすぎました。もういちど ボタンを おして ください。",
    },
    "busy": {
        "ja": "申し込みが集中しています。少し待ってもう一度送るか、下の番号に電話してください。",
        "en": "Too many requests at the moment. Please wait a little and send again, or call the number below.",
        "easy": "いま たくさん きて います。すこし まつか、したの 番号に でんわして ください。",
    },
    "same_phone": {
        "ja": "この電話番号の申し込みは、もう届いています。お電話をお待ちください。急ぐときは、下の番号に電話してください。",
        "en": "We already have requests with this phone number. Please wait for our call. If it is urgent, call the number below.",
        "easy": "この 電話番号は もう とどいて います。でんわを まって ください。いそぐ ときは、したの 番号に でんわして ください。",
    },
    "closed": {
        "ja": "いまは、このページでは受け付けていません。お困りのことは、電話でご相談ください。",
        "en": "Requests are not taken on this page now. Please call us.",
        "easy": "いまは この ページは つかえません。でんわを して ください。",
    },
    # afterwards
    "sent": {"ja": "申し込みを受け取りました", "en": "We have received your request", "easy": "うけとりました"},
    "sent_number": {"ja": "受付番号", "en": "Your number", "easy": "あなたの 番号（ばんごう）"},
    "sent_next": {
        "ja": "センターから順番にお電話します。お約束の日は、そのときに相談します。",
        "en": "We will call you in turn. We will talk about dates on the phone.",
        "easy": "センターが じゅんばんに でんわを します。まって いて ください。",
    },
    "sent_link": {
        "ja": "内容を直すとき・取り下げるとき",
        "en": "To change or withdraw it",
        "easy": "なおす とき・やめる とき",
    },
    "sent_link_say": {
        "ja": "下のリンクから、1回だけ直せます。3日間使えます。開くときに、電話番号の下4けたを聞きます。ほかの人に教えないでください。",
        "en": "You can use the link below once, for three days. It asks for the last 4 digits of your phone number. Please keep it to yourself.",
        "easy": "したの リンクで 1かい なおせます。3日（みっか）つかえます。電話番号の さいごの 4つの すうじを ききます。ほかの ひとに おしえないで ください。",
    },
    "sent_link_open": {
        "ja": "内容を直す・取り下げる",
        "en": "Change or withdraw",
        "easy": "なおす・やめる",
    },
    # the link
    "link_title": {"ja": "申し込みの確認", "en": "Your request", "easy": "もうしこみの かくにん"},
    "link_digits": {
        "ja": "申し込みのときの電話番号の、下4けた",
        "en": "Last 4 digits of the phone number in your request",
        "easy": "電話番号（でんわばんごう）の さいごの 4つの すうじ",
    },
    "link_digits_say": {
        "ja": "ご本人かどうかを確かめます。",
        "en": "We check that it is you.",
        "easy": "あなたか どうかを たしかめます。",
    },
    "link_go": {"ja": "開く", "en": "Open", "easy": "ひらく"},
    "link_wrong": {
        "ja": "番号が合いません。続けて間違えると、このリンクは使えなくなります。",
        "en": "These digits do not match. After several wrong tries the link stops working.",
        "easy": "番号が ちがいます。なんども まちがえると、つかえなく なります。",
    },
    "link_bad": {
        "ja": "このリンクは使えません。一度使ったか、3日を過ぎたか、アドレスが違います。お手数ですが、センターに電話してください。新しいリンクもお出しできます。",
        "en": "This link does not work: it was used, it is older than three days, or the address is wrong. Please call the center. We can give you a new link.",
        "easy": "この リンクは つかえません。センターに でんわして ください。あたらしい リンクを だします。",
    },
    "link_many": {
        "ja": "続けて違うリンクが開かれたので、しばらく開けません。センターに電話してください。",
        "en": "Too many wrong links. Please call the center.",
        "easy": "なんども まちがえました。センターに でんわして ください。",
    },
    "link_what": {
        "ja": "いまの内容です。どれか1つを選んでください。",
        "en": "This is what we have. Please choose one of the three.",
        "easy": "いまの ないようです。ひとつ えらんで ください。",
    },
    "link_confirm": {
        "ja": "まだ困っています（このまま）",
        "en": "I still need help (no change)",
        "easy": "まだ こまって います（このまま）",
    },
    "link_correct": {"ja": "直した内容を送る", "en": "Send my changes", "easy": "なおして おくる"},
    "link_correct_say": {
        "ja": "違うところを直して、ボタンを押してください。",
        "en": "Change what is wrong and press the button.",
        "easy": "ちがう ところを なおして、ボタンを おして ください。",
    },
    "link_withdraw": {"ja": "取り下げる", "en": "Withdraw", "easy": "やめる"},
    "link_withdraw_say": {
        "ja": "もうお手伝いがいらないときに押してください。また困ったときは、電話してください。",
        "en": "If you need no help any more. You can always call us again.",
        "easy": "おてつだいが いらない ときに おして ください。また こまったら、でんわして ください。",
    },
    "answered": {"ja": "受け取りました", "en": "Thank you, we have received it", "easy": "うけとりました"},
    "answered_confirm": {
        "ja": "センターからのお電話をお待ちください。",
        "en": "Please wait for our call.",
        "easy": "センターの でんわを まって いて ください。",
    },
    "answered_correct": {
        "ja": "直した内容を、担当の者が確かめます。",
        "en": "Our staff will look at your changes.",
        "easy": "センターの ひとが なおした ところを みます。",
    },
    "answered_withdraw": {
        "ja": "取り下げを受け取りました。ボランティアがもう決まっているときは、センターからお電話します。押しまちがえたときや、また困ったときは、電話してください。",
        "en": "Your request is withdrawn. If volunteers are already on their way we will call you. If you pressed the wrong button, or need help again, please call us.",
        "easy": "やめる ことを うけとりました。まちがえた ときや、また こまった ときは、でんわして ください。",
    },
    "answered_again": {
        "ja": "このリンクは使い終わりました。また直したいときは、センターに電話してください。",
        "en": "This link is used up. To change something else, please call the center.",
        "easy": "この リンクは もう つかえません。また なおす ときは、でんわして ください。",
    },
}  # fmt: skip


def texts(language: Language) -> dict[str, str]:
    """All sentences in one language."""
    return {key: said[language] for key, said in TEXTS.items()}
