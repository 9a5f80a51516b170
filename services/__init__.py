"""The four services. Each folder is a program of its own; none imports another."""
