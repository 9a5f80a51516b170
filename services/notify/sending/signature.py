"""The provider's signature on its webhooks: HMAC-SHA1 over the address it called and the sorted form fields."""

import base64
import hashlib
import hmac
from collections.abc import Iterable

from kernel.personal import Personal


def is_signed(
    token: Personal[str], url: str, fields: Iterable[tuple[str, str]], signature: str | None
) -> bool:
    """True when `signature` is the provider's for exactly this address and these fields, compared in constant time."""
    if not signature or len(signature) > 64:
        return False
    content = url + "".join(name + value for name, value in sorted(set(fields)))
    expected = base64.b64encode(hmac.new(token.reveal().encode(), content.encode(), hashlib.sha1).digest())
    return hmac.compare_digest(expected, signature.encode("utf-8", "replace"))
