"""The dashboard service: staff accounts, sessions, and the pages staff work in. It holds no clinical data."""
