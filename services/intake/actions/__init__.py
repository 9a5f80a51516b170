"""Deeds of intake: each takes a session and never commits."""
