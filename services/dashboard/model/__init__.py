"""Mapped classes of the dashboard service."""

from services.dashboard.model.access import ApiClient, LoginFailure, LoginPace, StaffSession
from services.dashboard.model.base import Base
from services.dashboard.model.staff import Role, Staff
from services.dashboard.model.views import PatientView, SavedView

__all__ = [
    "ApiClient",
    "Base",
    "LoginFailure",
    "LoginPace",
    "PatientView",
    "Role",
    "SavedView",
    "Staff",
    "StaffSession",
]
