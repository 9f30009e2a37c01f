"""The authority's certificate in the forms that devices install."""

from __future__ import annotations

import plistlib
import uuid

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

# Every form of the download: file ending → what it is served as.
CONTENT_TYPES = {
    "mobileconfig": "application/x-apple-aspen-config",  # iPadOS, iOS, macOS
    "crt": "application/x-x509-ca-cert",  # Android wants DER
    "cer": "application/x-x509-ca-cert",  # Windows
    "p7b": "application/x-pkcs7-certificates",  # Windows, where .cer is blocked
    "pem": "application/x-pem-file",  # Linux, and this laptop
}


def content(ending: str, certificate: x509.Certificate, *, center: str) -> bytes:
    """The file of that ending. `center` is the name a person reads when installing. KeyError for another ending."""
    CONTENT_TYPES[ending]
    if ending == "mobileconfig":
        return mobileconfig(certificate, center=center)
    if ending == "p7b":
        return pkcs7.serialize_certificates([certificate], Encoding.DER)
    return certificate.public_bytes(Encoding.PEM if ending == "pem" else Encoding.DER)


def mobileconfig(certificate: x509.Certificate, *, center: str) -> bytes:
    """An unsigned configuration profile with one root certificate. The same authority is always the same profile, so
    that installing it twice replaces it. Signing would not help: no tablet could check the signature before."""
    mark = certificate.fingerprint(hashes.SHA256())
    outer, inner = uuid.UUID(bytes=mark[:16]), uuid.UUID(bytes=mark[16:])
    inside = {
        "PayloadType": "com.apple.security.root",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"local.saigai.{outer}.authority",
        "PayloadUUID": str(inner).upper(),
        "PayloadDisplayName": f"{center}の証明書",
        "PayloadDescription": "このセンターの中だけで使う証明書です。ほかのサイトには使えません。",
        "PayloadCertificateFileName": "saigai.cer",
        "PayloadContent": certificate.public_bytes(Encoding.DER),
    }
    return plistlib.dumps(
        {
            "PayloadType": "Configuration",
            "PayloadVersion": 1,
            "PayloadIdentifier": f"local.saigai.{outer}",
            "PayloadUUID": str(outer).upper(),
            "PayloadDisplayName": f"{center}（災害ボランティアセンター）",
            "PayloadDescription": "インターネットがないときに、センターのパソコンと安全につなぐための証明書です。"
            "使い終わったら削除できます。",
            "PayloadOrganization": center,
            "PayloadRemovalDisallowed": False,
            "PayloadContent": [inside],
        }
    )
