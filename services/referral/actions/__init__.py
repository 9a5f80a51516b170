"""Deeds: one per file. Each takes a session and never commits."""
