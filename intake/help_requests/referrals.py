"""What ordinary volunteers usually do not do: the sentence for the phone and where to refer (source: domain.md §3.3).

This is the table a center begins with; what it has changed of it stands in `TriageRule` (see triage.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from intake.help_requests.answers import Damage
from intake.help_requests.models import Hazard, Verdict
from intake.volunteers.models import WorkCategory


@dataclass(frozen=True, slots=True)
class Advice:
    """Comes up when one of `signs` (hazard, damage or work category codes) is ticked, or one of `words` was said.

    `key` names the rule for good.
    """

    key: str
    title: str
    verdict: Verdict
    signs: tuple[str, ...]
    words: tuple[str, ...]
    say: str
    refer: str


USUAL: Final = (
    Advice(
        "height", "屋根・高いところ", Verdict.DECLINE, (Hazard.HEIGHT, Damage.ROOF),
        ("屋根", "瓦", "ブルーシート", "雨漏り", "雨どい", "2階の外"),
        "「屋根や高いところの作業は、けがの危険があるので、ボランティアではお受けできません。専門の団体や業者をご案内します。"
        "ほかにお手伝いできることはありますか。」",
        "技術系NPO・消防・業者・市の担当課",
    ),
    Advice(
        "tagged_house", "危険・要注意と判定された建物", Verdict.DECLINE, (Hazard.RED_TAG, Damage.TOTAL),
        ("赤い紙", "黄色い紙", "応急危険度", "傾いた", "傾いて", "倒れそう"),
        "「赤や黄の紙が貼られた建物は、たおれるおそれがあるので、中での作業はお受けできません。建物の外でできることを一緒に考えます。」",
        "市の建築担当課・建築士会",
    ),
    Advice(
        "asbestos", "石綿（アスベスト）", Verdict.DECLINE, (Hazard.ASBESTOS,), ("アスベスト", "石綿", "吹き付け"),
        "「石綿を吸うおそれがあるので、さわらずにそのままにしておいてください。市に確かめてから、こちらからお電話します。」",
        "市の環境担当課・専門業者",
    ),
    Advice(
        "electricity", "電気", Verdict.DECLINE, (Hazard.ELECTRIC,), ("漏電", "感電", "コンセント", "ブレーカー", "電線"),
        "「感電や火事のおそれがあるので、ブレーカーを切ったままにして、電気の会社に見てもらってください。"
        "安全と分かったら、すぐにお手伝いに入れます。」",
        "電力会社・電気工事の業者",
    ),
    Advice(
        "gas", "ガス", Verdict.DECLINE, (Hazard.GAS,), ("ガスくさい", "ガス臭", "ガスのにおい", "ガス漏れ", "プロパン"),
        "「ガスのにおいがするときは、火を使わず、窓を開けて外へ出てください。先にガス会社へ電話をお願いします。」",
        "ガス会社・消防",
    ),
    Advice(
        "wall", "くずれそうなブロック塀", Verdict.DECLINE, (Damage.WALL,), ("ブロック塀", "塀が"),
        "「ブロック塀は、たおれると命にかかわります。近づかないでください。市の担当につなぎます。」",
        "市の担当課・業者",
    ),
    Advice(
        "business", "店・農地など仕事の場所", Verdict.REFER, (Damage.BUSINESS,),
        ("店舗", "お店", "工場", "事務所", "田んぼ", "畑の", "畑が", "ハウス", "農機"),
        "「お店や畑など仕事の場所は、ボランティアの対象にならないことがあります。住まいのことはお手伝いできます。"
        "仕事のことは、くわしい窓口をご案内します。」",
        "商工会・JA・農業ボランティア",
    ),
    Advice(
        "machines", "重機がいるほどの土砂・大きな物", Verdict.REFER, (), ("重機", "大量の土砂", "流木", "大きな岩", "土砂で埋まった"),
        "「人の手では動かせない土砂や岩は、重機の使える団体や市の事業をご案内します。人の手でできるところからお手伝いします。」",
        "技術系NPO・市（堆積土砂の排除）",
    ),
    Advice(
        "trees", "木を切る", Verdict.REFER, (), ("木を切", "伐採", "倒木", "庭木", "チェーンソー"),
        "「木を切る作業は、資格のある団体をご案内します。切ったあとの片付けは、お手伝いできます。」",
        "チェーンソーの資格がある団体・業者",
    ),
    Advice(
        "renovation", "壁はがし・リフォーム", Verdict.REFER, (), ("壁をはが", "壁はがし", "リフォーム", "改修", "大工"),
        "「壁や床をはがす作業や修理は、家の傷みを広げることがあるので、専門の方に見てもらってからにしましょう。」",
        "建築士会・技術系NPO・業者",
    ),
    Advice(
        "chemicals", "薬品・農薬・油", Verdict.DECLINE, (Hazard.CHEMICAL,), ("農薬", "薬品", "灯油", "重油", "劇薬"),
        "「薬品や油は、まぜたり流したりせず、そのままにしてください。取り扱いを市に確かめます。」",
        "市の環境担当課・消防",
    ),
    Advice(
        "bees", "蜂・害獣", Verdict.REFER, (Hazard.BEES,), ("蜂の", "蜂が", "ハチ", "ネズミ"),
        "「蜂の巣には近づかないでください。取りのぞいたあとで、お手伝いに入ります。」",
        "市の担当課・駆除の業者",
    ),
    Advice(
        "others_property", "車・人の持ち物を動かす", Verdict.ASK, (), ("車を動か", "廃車", "隣の家の", "よその"),
        "「車やほかの方の持ち物は、持ち主の同意がないと動かせません。持ち主の方と連絡がつくか、いっしょに確かめます。」",
        "持ち主・警察・市の担当課",
    ),
    Advice(
        "empty_house", "空き家・公共の場所", Verdict.REFER, (), ("空き家", "空家", "道路の", "公園", "側溝"),
        "「空き家や道路・公園など公共の場所は、市の担当につなぎます。」",
        "市の担当課",
    ),
    Advice(
        "children", "子どもの見守り", Verdict.ASK, (WorkCategory.CHILDREN,), ("子どもを預", "子守"),
        "「お子さんの見守りは、2人以上で、保護者の方と連絡がつくときにお受けします。預かりが必要なときは、市の窓口をご案内します。」",
        "市の子育て担当課・ファミリーサポート",
    ),
    Advice(
        "care", "介護", Verdict.REFER, (), ("介護", "おむつ", "入浴の手伝い", "寝たきり"),
        "「体のお世話は、専門の方におつなぎします。いまお使いのサービスやケアマネジャーさんはありますか。」",
        "地域包括支援センター・ケアマネジャー",
    ),
    Advice(
        "moving", "引越し", Verdict.CARE, (WorkCategory.MOVING,), ("引越し", "引っ越し"),
        "「市内の引越しで、運び出しと運び入れをお手伝いします。遠くへの引越しや、大きな家電の取り外しは業者をご案内します。」",
        "引越しの業者",
    ),
    Advice(
        "money", "お金・くらし・法律の相談", Verdict.REFER, (), ("生活費", "借金", "ローン", "罹災証明", "保険金", "立ち退き"),
        "「手続きやお金のことは、くわしい窓口があります。ご一緒に調べて、おつなぎします。」",
        "市の担当課・自立相談支援・弁護士会",
    ),
    Advice(
        "photos_first", "片付ける前の写真", Verdict.CARE, (Damage.FLOOD_ABOVE, Damage.HALF), (),
        "「片付けの前に、家の外と中の写真を撮ってありますか。罹災証明や保険の手続きに使います。まだなら、先に撮っておいてください。」",
        "市の罹災証明の窓口",
    ),
)  # fmt: skip

# The reason in the list of the step (`answers.REASONS`) that a rule of the table stands for.
REASON_OF_RULE: Final[Mapping[str, str]] = {
    "height": "height", "tagged_house": "unsafe_house", "asbestos": "asbestos", "electricity": "electricity",
    "gas": "electricity", "wall": "unsafe_house", "business": "commerce", "machines": "technical_npo",
    "trees": "contractor", "renovation": "architects", "bees": "contractor", "empty_house": "city",
    "care": "care_centre", "money": "self_reliance",
}  # fmt: skip
