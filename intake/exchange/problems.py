"""Everything that may be the matter with a cell or a row, in plain Japanese: what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ROW: Final = -1  # the column of a remark about the whole line
# A row with one of these stays out until the file is mended.
ERRORS: Final[Mapping[str, str]] = {
    "date": "「{text}」を日付として読めません。2026/7/18 や 令和8年7月18日 のように、ある日付に直してください。",
    "date_future": "「{text}」は先の日付です。受け付けた日に直してください。",
    "date_no_year": "「{text}」には年がありません。2026/7/18 のように年から書いてください。",
    "clock": "「{text}」を時刻として読めません。9:40 のように直してください。",
    "birth": "「{text}」を生年月日として読めません。S36.5.4 や 1961-5-4、1961 のように直してください。",
    "phone": "「{text}」は電話番号のけた数が違います。市外局番から書き直すか、分からなければ空にしてください。",
    "postal_form": "「{text}」は郵便番号ではありません。985-0873 のような7けたに直すか、空にしてください。",
    "postal_none": "郵便番号 {text} は、ありません。住所と見くらべて直すか、空にしてください。",
    "formula": "式だけが入っていて、値がありません。Excelで開いて保存し直すか、「値」で貼り付け直してください。",
    "formula_text": "「{text}」は式の文字です。Excelで開いて「値」で貼り付け直してください。",
    "merged": "結合されたセルです。値は結合の先頭にしか入っていません。Excelで「セル結合の解除」をして、値を入れ直してください。",
    "excel_error": "Excelのエラー（{text}）が入っています。式を直すか、値を入れ直してください。",
    "too_long": "{long}文字あります。{most}文字までに縮めるか、続きを別の列に移してください。",
    "rest_too_long": "「{rest}」に書き足す言葉（{text}）が入りきりません。その列を{most}文字までに縮めてください。",
    "letters": "保存できない文字が入っています。消して入れ直してください。",
    "nothing": "名前も電話番号も住所も依頼の内容もありません。どれか1つを書いてください。",
    "email": "「{text}」はメールアドレスではありません。直すか、空にしてください。",
    "insurance": "「{text}」を保険の年度や加入日として読めません。2026 や 令和8年度、2026/4/10 のように直すか、空にしてください。",
    "volunteer_name": "氏名がありません。姓を書いてください。",
    "cannot_store": "「{field}」が長すぎるか、保存できない形です。短く直してください。",
    "number_taken": "番号「{text}」は、別の内容で前に取り込まれています（{where}）。前の行の直しなら、取り込んだ先の画面で直してください。別の行なら、番号を変えるか、番号の列を「取り込まない」にしてください。",
    "number_twice": "番号「{text}」が、このファイルに2回あります（{first}行目にもあります）。番号を変えてください。",
}  # fmt: skip
# These rows come in; the sentence says how the cell was understood.
NOTES: Final[Mapping[str, str]] = {
    "serial_date": "Excelの日付の番号（{text}）を {read} として読みました。",
    "zero_added": "先頭の0がなくなっていたので、{read} として読みました。",
    "second_phone": "番号が2つ以上あります。{read} を電話番号とし、全部を「{rest}」に書き足します。",
    "word": "「{text}」は決まった言葉にないので、「{rest}」に書き足します。",
    "word_left_out": "「{text}」は決まった言葉にないので、取り込みません。受付で本人に聞いてください。",
    "second_phone_left_out": "番号が2つ以上あります。{read} だけを取り込みます。",
    "birth_year": "生まれた年だけなので、生年月日は空にします。{minor}",
    "insurance_year": "保険は、年度が分からないので記録しません。受付でカードや画面を見てください。",
    "insurance_over": "保険は {text}年度で終わっています。記録しません。",
    "insurance_later": "保険の {text}年度はまだ始まっていないので、記録しません。始まってから確かめてください。",
    "person_here": "{name}さん（{day}に登録）と名前と電話番号が同じです。もう登録されているので、取り込みません。",
    "person_alike": "{name}さん（{day}に登録）と{what}が同じです。同じ人なら、取り込んだあとで名簿の画面で1つにまとめてください。",
    "person_repeated": "{first}行目の人と名前と電話番号が同じです。1回だけ取り込みます。",
    "state_word": "状態「{text}」は知らない言葉なので、「確認中」にします。",
    "state_team": "状態「{text}」：班のことはファイルから分からないので、「確認中」にします。どこまで済んだかを確かめてください。",
    "not_ready": "マッチング待ちにするには足りないもの（{text}）があるので、「確認中」にします。",
    "crisis": "危機介入の印があるので、「調査待ち」にします。班長に知らせてください。",
    "no_town": "町丁目が分からないので、地図の場所は「未定」になります。",
    "postal_unknown": "郵便番号 {text} は、読み込んである一覧にありません（会社などの専用の番号かもしれません）。住所を確かめてください。",
    "postal_other": "郵便番号 {text} は「{town}」です。住所と合わないので、どちらが正しいか確かめてください。",
    "postal_town": "住所に町名がないので、郵便番号から「{town}」を補いました。",
    "repeated": "{first}行目と同じ内容です。1回だけ取り込みます。",
    "count": "「{text}」を人数として読めないので、「{rest}」に書き足します。",
}  # fmt: skip


def sentence(code: str, **said: object) -> str:
    """The sentence for a person. KeyError for an unknown code."""
    return (ERRORS.get(code) or NOTES[code]).format(**said)


def is_error(code: str) -> bool:
    return code in ERRORS
