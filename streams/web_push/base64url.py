"""Base64 as URLs and browsers carry it: without padding."""

import base64


def packed(data: bytes) -> str:
    """Bytes as text.

    >>> packed(b"\\xff\\xfe"), unpacked("__4")
    ('__4', b'\\xff\\xfe')
    """
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unpacked(text: str) -> bytes:
    """Text as bytes. Raises ValueError."""
    if not text.isascii():
        raise ValueError("not base64url")
    plain = text.rstrip("=")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)
