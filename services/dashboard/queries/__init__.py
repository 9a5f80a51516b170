"""Reads of this service's own tables, and of the owners' APIs."""
