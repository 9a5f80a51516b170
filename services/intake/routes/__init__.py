"""HTTP in and out of intake."""
