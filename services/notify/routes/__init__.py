"""HTTP in and out of the notify service."""
