"""What a tablet's browser cannot do, in words: the pairing screen and the fleet page say the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NOT_SECURE = "安全な接続（https）ではないため、カメラと、電波がないときのページの開き直しが使えません。QRコードはバーコードリーダーで読み取ります。"
NO_CAMERA = "カメラが見つかりません。QRコードはバーコードリーダーで読み取ります。"
NO_OFFLINE = "電波がないときに、ページを開き直せません。使っている間は、画面を閉じないでください。"
BEST_EFFORT = (
    "容量が足りなくなると、ブラウザーが記録を消すことがあります。電波のあるときに、こまめに送信してください。"
)


def sentences(said: Mapping[str, Any]) -> list[str]:
    """One sentence for each thing that is missing; empty when the tablet can do everything."""
    if said.get("secure") is False:
        return [NOT_SECURE, *([BEST_EFFORT] if said.get("storage") == "best_effort" else [])]
    missing = [
        (said.get("camera") is False, NO_CAMERA),
        (said.get("offline") is False, NO_OFFLINE),
        (said.get("storage") == "best_effort", BEST_EFFORT),
    ]
    return [sentence for lacks, sentence in missing if lacks]
