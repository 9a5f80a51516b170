"""One address for the whole local clinic: a small byte proxy in front of every service and stand-in."""
