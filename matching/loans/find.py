"""From what was scanned or typed at the tool desk to the numbered piece it stands for."""

from __future__ import annotations

from dvc.core import card_token, short_code
from dvc.core.card_token import CardError, Purpose
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.volunteers import cards
from matching.equipment.models import ToolItem


def piece(operation: Operation, text: str) -> ToolItem:
    """The piece whose card or short code this is.

    Raises `Refused`: card.foreign, card.unknown_key, card.forged, equipment.not_a_tool_card, equipment.no_such_item.
    """
    items = ToolItem.objects.filter(operation=operation).select_related("site")
    try:
        if card_token.looks_like_card(text):
            keys = cards.public_keys(operation.center)
            token = card_token.parse(
                text, issuer=operation.center.issuer, keys=keys, purpose=Purpose.EQUIPMENT
            )
            found = items.filter(card_id=token.card_id.hex()).first()
        else:
            found = items.filter(short_code=short_code.parse(text)).first()
    except CardError as error:
        if error.code == "wrong_purpose":
            raise Refused("equipment.not_a_tool_card") from error
        raise Refused(
            "equipment.no_such_item" if error.code == "unreadable" else f"card.{error.code}"
        ) from error
    if found is None:
        raise Refused("equipment.no_such_item")
    return found
