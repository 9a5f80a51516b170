"""Periodic jobs of the referral service, run by its relay."""

from kernel.housekeeping import KERNEL_JOBS
from kernel.schedule import Job

JOBS: tuple[Job, ...] = (*KERNEL_JOBS,)
