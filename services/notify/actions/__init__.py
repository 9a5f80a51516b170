"""Deeds of the notify service: each takes a session, none commits."""
