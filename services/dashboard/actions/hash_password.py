"""Hash a staff password exactly as Flask-Security verifies it: HMAC-SHA-512 with the salt, then argon2id."""

import base64
import hashlib
import hmac

from argon2 import PasswordHasher

from services.dashboard.rules.password_strength import normalised

_hasher = PasswordHasher()


def hash_password(password: str, salt: str) -> str:
    """Return the hash to store. `salt` is the deployment's PASSWORD_SALT; argon2 adds its own per password."""
    keyed = hmac.new(salt.encode(), normalised(password).encode(), hashlib.sha512).digest()
    return _hasher.hash(base64.b64encode(keyed))
