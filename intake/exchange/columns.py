"""What a column may mean, by what names people give it, and the presets (source: domain.md §2.3, §2.11, §3.1).

Words, no rules. A column's name is compared by its search key, so width, spaces and brackets do not matter.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import models

from dvc.core.japanese import search_key


class Kind(models.TextChoices):
    NEEDS = "needs", "困りごと（ニーズ）"
    RESIDENTS = "residents", "住民・世帯の名簿"
    VOLUNTEERS = "volunteers", "ボランティアの名簿"


@dataclass(frozen=True, slots=True)
class Field:
    """A place of ours that a column may fill. `names`: what such a column is called elsewhere, besides `label`.

    `reads`: how a cell is read (`values.READERS`). `most`: characters. A field with `many` takes several columns.
    """

    code: str
    label: str
    names: Sequence[str]
    reads: str = "text"
    most: int = 0
    many: bool = False
    kinds: Sequence[Kind] = (Kind.NEEDS, Kind.RESIDENTS)


_NEEDS: Final = (Kind.NEEDS,)
_VOLUNTEERS: Final = (Kind.VOLUNTEERS,)
_ALL: Final = tuple(Kind)

FIELDS: Final[Sequence[Field]] = (
    Field("source_id", "ファイルの中の番号（ID）", ("レコード番号", "ニーズID", "ニーズNo", "依頼番号", "受付番号", "整理番号", "管理番号", "番号", "No", "ID", "世帯番号", "登録番号", "会員番号", "通し番号"), "id", 60, kinds=_ALL),
    Field("received_on", "受付日（日時）", ("受付日時", "受付日", "受理日", "依頼日", "登録日", "日付", "作成日時", "受付年月日"), "moment", kinds=_NEEDS),
    Field("received_time", "受付時刻", ("受付時間", "時刻", "時間"), "clock", kinds=_NEEDS),
    Field("method", "受付方法", ("受付手段", "受付経路", "受付区分", "方法"), "method", kinds=_NEEDS),
    Field("caller_name", "依頼者のお名前", ("依頼者", "依頼者氏名", "依頼者名", "連絡者", "連絡者氏名", "申込者", "申込者氏名", "相談者"), "text", 80, kinds=_NEEDS),
    Field("caller_kana", "依頼者のふりがな", ("依頼者ふりがな", "依頼者フリガナ", "依頼者カナ", "依頼者氏名ふりがな", "依頼者氏名フリガナ", "連絡者フリガナ"), "text", 120, kinds=_NEEDS),
    Field("caller_phone", "依頼者の電話番号", ("依頼者電話番号", "依頼者電話", "依頼者連絡先", "連絡者電話", "依頼者TEL"), "phone", 20, kinds=_NEEDS),
    Field("relation", "本人との関係", ("続柄", "関係", "依頼者と本人の関係", "依頼者との関係", "種別"), "text", 20, kinds=_NEEDS),
    Field("name", "本人のお名前", ("氏名", "ボランティア氏名", "名前", "お名前", "本人氏名", "被災者氏名", "世帯主", "世帯主氏名", "住民氏名", "被災者名"), "text", 80, kinds=_ALL),
    Field("family_name", "姓", ("名字", "苗字", "氏", "せい漢字"), "text", 40, kinds=_ALL),
    Field("given_name", "名", ("めい漢字",), "text", 40, kinds=_ALL),
    Field("kana", "本人のふりがな", ("ふりがな", "フリガナ", "カナ", "かな", "氏名カナ", "氏名ふりがな", "氏名フリガナ", "本人ふりがな", "本人フリガナ", "世帯主フリガナ", "被災者氏名フリガナ"), "text", 120, kinds=_ALL),
    Field("phone", "本人の電話番号", ("電話番号", "電話", "連絡先", "TEL", "携帯", "携帯電話", "本人電話番号", "被災者電話番号", "電話番号1", "連絡先電話番号"), "phone", 20, kinds=_ALL),
    Field("birth", "生年月日・生まれた年", ("生年月日", "誕生日", "生まれた年", "生年"), "birth"),
    Field("postal_code", "郵便番号（住所を確かめるためだけに使います）", ("郵便番号", "〒", "郵便"), "postal"),
    Field("address", "住所", ("住所1", "現住所", "活動場所", "活動場所住所", "訪問先住所", "被災場所", "番地", "住所番地", "所在地", "町名", "町丁目", "市町村", "建物名", "住所2"), "text", 120, many=True, kinds=_ALL),
    Field("landmark", "目印・行き方", ("目印", "行き方", "道順"), "text", 120),
    Field("members", "一緒に住んでいる人", ("同居", "同居者", "同居家族", "家族構成", "世帯構成", "世帯人数", "世帯員"), "text", 120),
    Field("lives_alone", "一人暮らし", ("独居", "ひとり暮らし", "単身", "独居高齢者"), "yes"),
    Field("note", "配慮すること", ("配慮事項", "要配慮", "配慮"), "text", 300),
    Field("summary", "ひとことで（一覧に出ます）", ("件名", "概要", "タイトル", "依頼概要"), "text", 80, kinds=_NEEDS),
    Field("description", "困っていること（依頼の内容）", ("依頼内容", "ニーズ内容", "内容", "相談内容", "依頼の内容", "備考", "メモ", "特記事項", "補足メモ", "現地の様子", "対応記録", "聞き取り内容", "困りごと"), "text", 4000, many=True, kinds=_NEEDS),
    Field("damage", "家の様子（被災状況）", ("被災状況", "被害状況", "被災種別", "被害区分"), "damage", many=True, kinds=_NEEDS),
    Field("category", "作業の種類（依頼分類）", ("依頼分類", "作業内容", "作業区分", "活動内容", "依頼種別", "分類", "作業種別"), "category", many=True, kinds=_NEEDS),
    Field("people", "必要な人数", ("必要人数", "人数", "募集人数", "必要人員", "希望人数"), "count", kinds=_NEEDS),
    Field("tag", "応急危険度判定", ("危険度判定", "応急危険度", "判定"), "tag", kinds=_NEEDS),
    Field("health_note", "体の具合・持病", ("持病", "健康状態", "体調", "身体状況"), "text", 300, kinds=_NEEDS),
    Field("parking", "駐車・搬入", ("駐車場", "駐車", "駐車スペース", "搬入路"), "text", 120, kinds=_NEEDS),
    Field("attendance", "立ち会う人・希望日", ("立会者", "立会", "希望日", "活動希望日", "希望日時", "立会い"), "text", 120, many=True, kinds=_NEEDS),
    Field("crisis", "危機介入が必要", ("危機介入", "危機介入の必要性"), "yes", kinds=_NEEDS),
    Field("watch", "終わったあとも見守る", ("見守り", "要見守り", "見守りの必要性"), "yes", kinds=_NEEDS),
    Field("consent", "情報共有の同意", ("同意", "個人情報の同意", "情報共有同意"), "yes", kinds=_NEEDS),
    Field("state", "状態", ("ステータス", "状況", "対応状況", "進捗", "進捗状況"), "state", kinds=_NEEDS),
    Field("reason", "終わった理由・保留の理由", ("終了理由", "理由", "対応不可理由", "キャンセル理由", "取消理由"), "text", 150, kinds=_NEEDS),
    Field("subrow", "レコードの開始行（kintoneの表のしるし）", ("レコードの開始行",), "subrow", kinds=_ALL),
    Field("family_kana", "せい（姓のふりがな）", ("せい", "セイ", "姓カナ", "姓ふりがな", "姓フリガナ"), "text", 60, kinds=_VOLUNTEERS),
    Field("given_kana", "めい（名のふりがな）", ("めい", "メイ", "名カナ", "名ふりがな", "名フリガナ"), "text", 60, kinds=_VOLUNTEERS),
    Field("email", "メール", ("メールアドレス", "Eメール", "email", "mail"), "email", 254, kinds=_VOLUNTEERS),
    Field("birth_date", "生年月日（年だけでも）", ("生年月日", "誕生日", "生まれた年", "生年"), "birth_date", kinds=_VOLUNTEERS),
    Field("gender", "性別", ("男女",), "gender", kinds=_VOLUNTEERS),
    Field("home_postal_code", "郵便番号（自宅）", ("郵便番号", "〒", "郵便"), "postal", kinds=_VOLUNTEERS),
    Field("emergency_name", "緊急連絡先の氏名", ("緊急連絡先氏名", "緊急連絡先", "緊急連絡先名"), "text", 60, kinds=_VOLUNTEERS),
    Field("emergency_relation", "緊急連絡先の続柄", ("続柄", "緊急連絡先続柄"), "text", 20, kinds=_VOLUNTEERS),
    Field("emergency_phone", "緊急連絡先の電話", ("緊急連絡先電話番号", "緊急連絡先電話", "緊急時電話番号"), "phone", 20, kinds=_VOLUNTEERS),
    Field("skills", "資格・特技", ("資格", "特技", "免許", "技能", "スキル", "資格・免許"), "skills", many=True, kinds=_VOLUNTEERS),
    Field("languages", "話せる言葉", ("言語", "会話可能な言語", "外国語"), "text", 200, many=True, kinds=_VOLUNTEERS),
    Field("vehicle", "乗ってきた車", ("車両", "車", "軽トラックの有無"), "vehicle", kinds=_VOLUNTEERS),
    Field("group_name", "団体名", ("団体", "所属", "所属団体", "グループ", "グループ名"), "text", 80, kinds=_VOLUNTEERS),
    Field("insurance", "ボランティア活動保険の年度・加入日", ("ボランティア活動保険", "ボランティア保険", "保険", "保険年度", "保険加入年度", "保険加入日", "保険の加入"), "insurance", kinds=_VOLUNTEERS),
    Field("plan", "保険のプラン", ("プラン", "保険プラン", "加入プラン"), "plan", kinds=_VOLUNTEERS),
)  # fmt: skip
BY_CODE: Final[Mapping[str, Field]] = {field.code: field for field in FIELDS}


def fields_of(kind: Kind) -> list[Field]:
    return [field for field in FIELDS if kind in field.kinds]


def name_key(header: str) -> str:
    """How a heading is compared: without brackets and what is in them, 必須 marks, signs, width."""
    header = unicodedata.normalize("NFKC", header)
    return search_key(re.sub(r"[（(【\[].*?[)）】\]]", "", header)) or search_key(header)


def _names(kind: Kind) -> dict[str, str]:
    """Name key → code. A label of ours wins over another field's name for it."""
    known: dict[str, str] = {}
    for field in fields_of(kind):
        for name in field.names:
            known.setdefault(name_key(name), field.code)
    return known | {name_key(field.label): field.code for field in fields_of(kind)}


def guess(kind: Kind, headers: Sequence[str]) -> dict[int, str]:
    """Column → code, by the names of the headings. Each field once, but for those that take many."""
    known = _names(kind)
    guessed: dict[int, str] = {}
    for column, header in enumerate(headers):
        code = known.get(name_key(header)) if header else None
        if code and (BY_CODE[code].many or code not in guessed.values()):
            guessed[column] = code
    return guessed


def header_row(kind: Kind, rows: Sequence[Sequence[str]]) -> int:
    """Which of the first rows holds the headings (index): most known names, else the first with two words."""
    known = _names(kind)
    scores = [len({known[key] for cell in row if (key := name_key(cell)) in known}) for row in rows]
    best = max(scores, default=0)
    if best >= 2:
        return scores.index(best)
    return next((i for i, row in enumerate(rows) if sum(bool(cell) for cell in row) >= 2), 0)


def digest(headers: Sequence[str]) -> str:
    """The set of headings, by which a mapping is remembered."""
    return hashlib.sha256("\0".join(sorted(filter(None, map(name_key, headers)))).encode()).hexdigest()
