"""What stops a local command, said to the person at the terminal."""


class Problem(Exception):
    """A sentence or two: what happened, what was kept, what to do. Printed without a traceback; exit code 1."""
