"""Mapped classes of the referral service."""
