"""`make bench`: what the system does in a second, as a ratio to what this machine can do at all in the same run."""
