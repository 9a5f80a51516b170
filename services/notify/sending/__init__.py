"""Handing messages to providers: one interface, one adapter a provider, and the fenced protocol around them."""
