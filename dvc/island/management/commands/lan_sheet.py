"""`manage.py lan_sheet`: what whoever started the center has to know, in the terminal."""

from __future__ import annotations

from typing import Any

import qrcode
from cryptography.hazmat.primitives import hashes
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from dvc.island import services
from dvc.island.authority import fingerprint, read_certificate
from dvc.island.views import install_addresses
from dvc.operations.models import Operation


class Command(BaseCommand):
    help = "Print the address, the install page (also as a QR code) and the certificate's fingerprint."

    def handle(self, *args: Any, **options: Any) -> None:
        found = read_certificate(services.files())
        if found is None:
            raise CommandError("no certificate yet: start with manage.py up --lan")
        numbers = ", ".join(map(str, services.lan_addresses()))
        lines = [
            f"tablets open       {settings.PUBLIC_URL}/   ({numbers or 'no network yet / ネットワークなし'})",
            f"new tablets first  {'  or  '.join(install_addresses())}",
            f"Wi-Fi              {settings.WIFI_NAME or '(WIFI_NAME is not set)'}",
            f"fingerprint        {fingerprint(found, hashes.SHA256())}",
        ]
        operation = Operation.objects.live().main_first().first()
        if operation is not None:
            page = reverse("network", args=[operation.pk])
            lines.append(f"all of it, large   http://127.0.0.1:{settings.PORT}{page}")
        self.stdout.write("\n".join(lines))
        self.stdout.write(terminal_qr(install_addresses()[0]))


def terminal_qr(text: str) -> str:
    """Two modules a letter, light on dark, with a quiet zone: readable from a black terminal."""
    code = qrcode.QRCode(border=2)
    code.add_data(text)
    code.make()
    rows = code.get_matrix()
    rows += [[False] * len(rows[0])] * (len(rows) % 2)
    letters = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return "\n".join("".join(letters[pair] for pair in zip(*two, strict=True)) for two in pairs)
