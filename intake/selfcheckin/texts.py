"""Every sentence a volunteer reads on their own phone, in three languages side by side, to be proofread together.

`easy` is やさしい日本語: short sentences, spaces between words, no kanji that is not needed.
The kiosk's sentences stand in frontend/src/field/kiosk_texts.ts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dvc.core.languages import Language

TEXTS: Final[Mapping[str, Mapping[Language, str]]] = {
    # the page
    "title": {"ja": "ボランティア受付", "en": "Volunteer check-in", "easy": "ボランティアの うけつけ"},
    "language": {"ja": "ことば", "en": "Language", "easy": "ことば"},
    "drill": {
        "ja": "これは訓練です",
        "en": "This is a drill",
        "easy": "これは 訓練（くんれん）です",
    },
    "intro": {
        "ja": "登録が済んでいる方は、ここで受付できます。",
        "en": "If you are already registered, you can check in here.",
        "easy": "もう 登録（とうろく）した ひとは、ここで うけつけが できます。",
    },
    "word": {
        "ja": "今日の番号（4けた）",
        "en": "Today's number (4 digits)",
        "easy": "きょうの 番号（ばんごう） 4つの すうじ",
    },
    "word_hint": {
        "ja": "受付の机に書いてあります。",
        "en": "It is written at the reception desk.",
        "easy": "うけつけの つくえに かいて あります。",
    },
    "ident": {
        "ja": "カードの番号（8文字）か、登録した電話番号",
        "en": "Card code (8 characters) or your registered phone number",
        "easy": "カードの 番号（8つの もじ）か、あなたの 電話番号（でんわばんごう）",
    },
    "ident_hint": {
        "ja": "例：AB3D-7K2M か 090-0000-0000",
        "en": "Example: AB3D-7K2M or 090-0000-0000",
        "easy": "れい：AB3D-7K2M か 090-0000-0000",
    },
    "proof": {
        "ja": "名字のひらがな",
        "en": "Family name, as you registered it",
        "easy": "みょうじ（ひらがな）",
    },
    "proof_hint": {
        "ja": "例：さとう。同じ電話番号の家族がいるときは、名前まで入れてください。",
        "en": "In kana, kanji or letters. If your family shares one phone number, add your given name.",
        "easy": "れい：さとう。かぞくが おなじ でんわの ときは、なまえも かいて ください。",
    },
    "proof_card_hint": {
        "ja": "例：さとう。カードの番号を入れた方は、登録した電話番号の下4けたでもかまいません。",
        "en": "In kana, kanji or letters. With a card code, the last 4 digits of your phone number work too.",
        "easy": "れい：さとう。カードの 番号の ひとは、でんわの さいごの 4つの すうじでも いいです。",
    },
    "send": {"ja": "受付する", "en": "Check in", "easy": "うけつけする"},
    "first_time": {
        "ja": "はじめての方",
        "en": "First time here?",
        "easy": "はじめての ひと",
    },
    "register_say": {
        "ja": "先に登録してください。登録が終わったら、この画面に戻って受付します。",
        "en": "Please register first. Then come back to this page and check in.",
        "easy": "さきに 登録（とうろく）して ください。おわったら、ここに もどって うけつけを します。",
    },
    "register": {"ja": "登録する", "en": "Register (in Japanese)", "easy": "登録（とうろく）する"},
    "register_at_desk": {
        "ja": "受付の机で登録してください。",
        "en": "Please register at the reception desk.",
        "easy": "うけつけの つくえで 登録（とうろく）して ください。",
    },
    "help": {
        "ja": "うまくいかないときは、受付の人に声をかけてください。",
        "en": "If it does not work, please ask the reception staff.",
        "easy": "できない ときは、うけつけの ひとに いって ください。",
    },
    # what did not work
    "wrong": {
        "ja": "受付できませんでした。番号と名字をもう一度確かめてください。それでもできないときは、受付の人に声をかけてください。",
        "en": "We could not check you in. Please check both entries. If it still fails, ask the reception staff.",
        "easy": "うけつけ できませんでした。番号と みょうじを もういちど みて ください。できない ときは、うけつけの ひとに いって ください。",
    },
    "word_wrong": {
        "ja": "今日の番号が違います。受付の机に書いてある4けたを見てください。",
        "en": "Today's number is not right. Please look at the reception desk.",
        "easy": "きょうの 番号が ちがいます。うけつけの つくえを みて ください。",
    },
    "old_code": {
        "ja": "このQRは古くなりました。画面のQRを、もう一度読み取ってください。",
        "en": "This code has expired. Please scan the code on the screen again.",
        "easy": "この QRは もう つかえません。がめんの QRを もういちど よみとって ください。",
    },
    "too_many": {
        "ja": "続けて何度も違う内容が送られたので、しばらく受け付けません。受付の人に声をかけてください。",
        "en": "Too many wrong entries. Please ask the reception staff.",
        "easy": "なんども まちがえました。うけつけの ひとに いって ください。",
    },
    "closed": {
        "ja": "いまは受付していません。",
        "en": "Check-in is closed now.",
        "easy": "いまは うけつけを して いません。",
    },
    # afterwards
    "done": {"ja": "受付しました", "en": "You are checked in", "easy": "うけつけ しました"},
    "san": {"ja": "さん", "en": "", "easy": "さん"},
    "number": {"ja": "今日の受付番号", "en": "Your number today", "easy": "きょうの あなたの 番号（ばんごう）"},
    "next": {"ja": "つぎにすること", "en": "What to do next", "easy": "つぎに すること"},
    "todo_orientation": {
        "ja": "説明（オリエンテーション）を聞いてください。",
        "en": "Please attend the briefing.",
        "easy": "せつめいを きいて ください。",
    },
    "todo_insurance": {
        "ja": "ボランティア保険の加入証を、受付の人に見せてください。",
        "en": "Please show your volunteer insurance to the reception staff.",
        "easy": "ボランティア保険（ほけん）の かみを、うけつけの ひとに みせて ください。",
    },
    "todo_guardian": {
        "ja": "保護者の同意書を、受付の人に渡してください。",
        "en": "Please give your parent's consent form to the reception staff.",
        "easy": "おやの 同意書（どういしょ）を、うけつけの ひとに わたして ください。",
    },
    "todo_emergency_contact": {
        "ja": "緊急連絡先を、受付の人に伝えてください。",
        "en": "Please tell the reception staff whom to call in an emergency.",
        "easy": "こまった ときに でんわする ひとを、うけつけの ひとに いって ください。",
    },
    "todo_consent": {
        "ja": "注意事項が新しくなりました。受付で読んで、同意を伝えてください。",
        "en": "The rules have changed. Please read and accept them at the reception.",
        "easy": "きまりが あたらしく なりました。うけつけで よんで ください。",
    },
    "todo_answer_talk": {
        "ja": "受付の人に声をかけてください。班長が話を聞きます。",
        "en": "Please speak to the reception staff. A team chief will talk with you.",
        "easy": "うけつけの ひとに こえを かけて ください。はなしを ききます。",
    },
    "todo_answer_gear": {
        "ja": "足りない装備は借りられます。資材の係に寄ってください。",
        "en": "You can borrow missing gear. Please go to the equipment desk.",
        "easy": "ない ものは かりる ことが できます。どうぐの かかりに いって ください。",
    },
    "todo_questions": {
        "ja": "上の質問に答えてください。",
        "en": "Please answer the questions above.",
        "easy": "うえの しつもんに こたえて ください。",
    },
    "questions": {"ja": "今日の質問", "en": "Questions for today", "easy": "きょうの しつもん"},
    "questions_say": {
        "ja": "無理のない活動のために使います。答えは30日で消えます。",
        "en": "We ask so that everybody works safely. Answers are deleted after 30 days.",
        "easy": "あんぜんに はたらく ために ききます。こたえは 30にちで きえます。",
    },
    "questions_send": {"ja": "答えを送る", "en": "Send my answers", "easy": "こたえを おくる"},
    "todo_none": {
        "ja": "マッチングの場所で、呼ばれるのを待ってください。",
        "en": "Please wait in the matching area until you are called.",
        "easy": "マッチングの ばしょで、よばれるまで まって ください。",
    },
    "session": {"ja": "次の説明", "en": "Next briefing", "easy": "つぎの せつめい"},
    "going_home": {
        "ja": "帰るときも、受付に寄って「帰り」の受付をしてください。",
        "en": "When you leave, please stop at the reception to check out.",
        "easy": "かえる ときも、うけつけに きて ください。",
    },
    "another": {
        "ja": "この電話で、ほかの人の受付をする",
        "en": "Check in another person on this phone",
        "easy": "この でんわで、べつの ひとの うけつけを する",
    },
    # the briefing
    "heard_title": {
        "ja": "説明を受けた印",
        "en": "Briefing attended",
        "easy": "せつめいを きいた しるし",
    },
    "heard_intro": {
        "ja": "説明を最後まで聞いた方は、ここで印をつけてください。",
        "en": "If you heard the whole briefing, please confirm here.",
        "easy": "せつめいを さいごまで きいた ひとは、ここで しるしを つけて ください。",
    },
    "heard_send": {"ja": "説明を受けました", "en": "I attended the briefing", "easy": "せつめいを ききました"},
    "heard_other": {
        "ja": "この方ではないとき",
        "en": "Not you?",
        "easy": "ちがう ひとの とき",
    },
    "heard_done": {
        "ja": "説明を受けた印をつけました",
        "en": "Your attendance is recorded",
        "easy": "しるしを つけました",
    },
    "heard_before_arrival": {
        "ja": "印はつきました。到着の受付がまだのようです。受付に寄ってください。",
        "en": "Recorded. It seems you have not checked in yet. Please stop at the reception.",
        "easy": "しるしは つきました。うけつけが まだです。うけつけに いって ください。",
    },
}  # fmt: skip


def texts(language: Language) -> dict[str, str]:
    """All sentences in one language."""
    return {key: said[language] for key, said in TEXTS.items()}
