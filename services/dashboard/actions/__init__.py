"""Deeds of the dashboard service, one a file. They take a Session and never commit."""
