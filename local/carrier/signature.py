"""The provider's webhook signature: HMAC-SHA1 over the URL and the sorted form fields, in base64."""

import base64
import hashlib
import hmac
from collections.abc import Mapping


def webhook_signature(auth_token: str, url: str, fields: Mapping[str, str]) -> str:
    """The value of `X-Twilio-Signature` for a form of `fields` sent to `url`."""
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
