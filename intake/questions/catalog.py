"""Every question an operation may ask, with its words in three languages, to be proofread together.

`yes` is always the answer that lets people go on, whatever word stands on it: to "Do you have a fever?" it is "No". What a
"no" means depends on the kind: of health a lead talks with the person, of gear something is lent, and what is only good
to know (a car, tools) keeps nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

Kind = Literal["health", "gear", "info"]
Answer = Literal["yes", "no"]
ANSWERS: Final = ("yes", "no")


@dataclass(frozen=True, slots=True)
class Words:
    """A question and its two answers in one language."""

    ask: str
    yes: str
    no: str


@dataclass(frozen=True, slots=True)
class Question:
    """`name`: what it is called where it is chosen, and what is missing when gear is lacking."""

    code: str
    kind: Kind
    name: str
    ja: Words
    en: Words
    easy: Words

    def words(self, language: str) -> Words:
        return {"en": self.en, "easy": self.easy}.get(language, self.ja)


_ALL: Final = (
    Question(
        "well", "health", "体調",
        Words("今日の体調はよいですか", "よい", "よくない"),
        Words("Do you feel well today?", "Yes", "No"),
        Words("きょうの からだの ぐあいは いいですか", "いい", "よくない"),
    ),
    Question(
        "fever", "health", "熱",
        Words("熱はありませんか（37.5度以上）", "ない", "ある"),
        Words("Do you have a fever (37.5 °C or more)?", "No", "Yes"),
        Words("ねつは ありませんか（37.5ど いじょう）", "ない", "ある"),
    ),
    Question(
        "heat", "health", "睡眠と食事（熱中症）",
        Words("よく眠り、朝ごはんを食べましたか（熱中症の予防）", "はい", "いいえ"),
        Words("Did you sleep well and have breakfast? (heatstroke)", "Yes", "No"),
        Words("よく ねて、あさごはんを たべましたか", "はい", "いいえ"),
    ),
    Question(
        "doctor", "health", "医師から止められていること",
        Words("医師に運動を止められていませんか", "止められていない", "止められている"),
        Words("Has a doctor told you to avoid hard work?", "No", "Yes"),
        Words("おいしゃさんに「うんどうは だめ」と いわれて いませんか", "いわれて いない", "いわれた"),
    ),
    Question(
        "boots", "gear", "長ぐつ",
        Words("底のかたい長ぐつはありますか", "ある", "ない"),
        Words("Do you have boots with a hard sole?", "Yes", "No"),
        Words("そこが かたい ながぐつは ありますか", "ある", "ない"),
    ),
    Question(
        "helmet", "gear", "ヘルメット",
        Words("ヘルメットはありますか", "ある", "ない"),
        Words("Do you have a helmet?", "Yes", "No"),
        Words("ヘルメットは ありますか", "ある", "ない"),
    ),
    Question(
        "mask", "gear", "防じんマスク",
        Words("防じんマスクはありますか", "ある", "ない"),
        Words("Do you have a dust mask?", "Yes", "No"),
        Words("ほこりを ふせぐ マスクは ありますか", "ある", "ない"),
    ),
    Question(
        "gloves", "gear", "手袋",
        Words("丈夫な手袋はありますか", "ある", "ない"),
        Words("Do you have work gloves?", "Yes", "No"),
        Words("てぶくろは ありますか", "ある", "ない"),
    ),
    Question(
        "drink", "gear", "飲み物",
        Words("飲み物はありますか（1リットル以上）", "ある", "ない"),
        Words("Do you have drinks (1 litre or more)?", "Yes", "No"),
        Words("のみものは ありますか（1リットル いじょう）", "ある", "ない"),
    ),
    Question(
        "tools", "info", "道具",
        Words("道具を持ってきましたか（スコップなど）", "持ってきた", "ない"),
        Words("Did you bring tools (a shovel …)?", "Yes", "No"),
        Words("どうぐを もって きましたか（スコップなど）", "もって きた", "ない"),
    ),
    Question(
        "car", "info", "車",
        Words("車で来ましたか", "はい", "いいえ"),
        Words("Did you come by car?", "Yes", "No"),
        Words("くるまで きましたか", "はい", "いいえ"),
    ),
)  # fmt: skip
QUESTIONS: Final[Mapping[str, Question]] = {question.code: question for question in _ALL}


def asked(codes: Iterable[str]) -> list[Question]:
    """The questions with these codes, in the order of the table; codes of another release are left out."""
    wanted = set(codes)
    return [question for question in _ALL if question.code in wanted]


def at_once(codes: Iterable[str]) -> list[str]:
    """Which of these one button (「ぜんぶ問題なし」) may answer: whether somebody came by car is no problem, and is told."""
    return [question.code for question in asked(codes) if question.kind != "info"]


def for_tablet(codes: Iterable[str]) -> list[dict[str, Any]]:
    """What a tablet needs to ask them without a network."""
    return [
        {"code": each.code, "kind": each.kind, "name": each.name, "ask": each.ja.ask, "yes": each.ja.yes, "no": each.ja.no}
        for each in asked(codes)
    ]  # fmt: skip
