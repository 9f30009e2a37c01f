"""What ordinary volunteers do not do: the sentence for the phone and where to refer (source: domain.md §3.3).

One table; a later issue lets each center edit it. Boundaries differ, so it advises and never refuses.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from intake.help_requests.answers import Damage
from intake.help_requests.models import Hazard
from intake.volunteers.models import WorkCategory


@dataclass(frozen=True, slots=True)
class Advice:
    """Shown when one of `signs` (hazard, damage or work category codes) is ticked."""

    signs: frozenset[str]
    title: str
    say: str
    refer: str


ADVICE: Final = (
    Advice(
        frozenset({Hazard.HEIGHT, Damage.ROOF}),
        "屋根・高いところ",
        "「屋根や高いところの作業は、けがの危険があるので、ボランティアではお受けできません。専門の団体や業者をご案内します。"
        "ほかにお手伝いできることはありますか。」",
        "技術系NPO・業者・市の担当課",
    ),
    Advice(
        frozenset({Hazard.ELECTRIC}),
        "電気",
        "「感電や火事のおそれがあるので、ブレーカーを切ったままにして、電気の会社に見てもらってください。"
        "安全と分かったら、すぐにお手伝いに入れます。」",
        "電力会社・電気工事の業者",
    ),
    Advice(
        frozenset({Hazard.GAS}),
        "ガス",
        "「ガスのにおいがするときは、火を使わず、窓を開けて外へ出てください。先にガス会社へ電話をお願いします。」",
        "ガス会社・消防",
    ),
    Advice(
        frozenset({Hazard.ASBESTOS}),
        "石綿（アスベスト）",
        "「石綿を吸うおそれがあるので、さわらずにそのままにしておいてください。市に確かめてから、こちらからお電話します。」",
        "市の環境担当課・専門業者",
    ),
    Advice(
        frozenset({Hazard.RED_TAG, Damage.TOTAL}),
        "危険・要注意と判定された建物",
        "「赤や黄の紙が貼られた建物は、たおれるおそれがあるので、中での作業はお受けできません。建物の外でできることを一緒に考えます。」",
        "市の建築担当課・建築士会",
    ),
    Advice(
        frozenset({Damage.WALL}),
        "くずれそうなブロック塀",
        "「ブロック塀は、たおれると命にかかわります。近づかないでください。市の担当につなぎます。」",
        "市の担当課・業者",
    ),
    Advice(
        frozenset({Hazard.CHEMICAL}),
        "薬品・農薬・油",
        "「薬品や油は、まぜたり流したりせず、そのままにしてください。取り扱いを市に確かめます。」",
        "市の環境担当課・消防",
    ),
    Advice(
        frozenset({Hazard.BEES}),
        "蜂・害獣",
        "「蜂の巣には近づかないでください。取りのぞいたあとで、お手伝いに入ります。」",
        "市の担当課・駆除の業者",
    ),
    Advice(
        frozenset({Damage.BUSINESS}),
        "店・農地など仕事の場所",
        "「お店や畑など仕事の場所は、ボランティアの対象にならないことがあります。住まいのことはお手伝いできます。"
        "仕事のことは、くわしい窓口をご案内します。」",
        "商工会・JA",
    ),
    Advice(
        frozenset({WorkCategory.CHILDREN}),
        "子どもの見守り",
        "「お子さんの見守りは、2人以上で、保護者の方と連絡がつくときにお受けします。預かりが必要なときは、市の窓口をご案内します。」",
        "市の子育て担当課・ファミリーサポート",
    ),
    Advice(
        frozenset({WorkCategory.MOVING}),
        "引越し",
        "「市内の引越しで、運び出しと運び入れをお手伝いします。遠くへの引越しや、大きな家電の取り外しは業者をご案内します。」",
        "引越しの業者",
    ),
)  # fmt: skip


def advice_for(signs: Collection[str]) -> list[Advice]:
    """The lines to read aloud for what is ticked, in the order of the table."""
    ticked = frozenset(signs)
    return [advice for advice in ADVICE if advice.signs & ticked]
