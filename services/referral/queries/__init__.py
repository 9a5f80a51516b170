"""Reads, returning small typed rows."""
