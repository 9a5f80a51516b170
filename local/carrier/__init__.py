"""The stand-in phone carrier: speaks the SMS provider's HTTP protocol, shows each phone, fails on request."""
