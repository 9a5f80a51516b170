"""What the services say to one another: one file per event, and the first protocol as data."""
