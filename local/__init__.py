"""The whole clinic on one machine: databases, processes, stand-ins for the outside world, demo data."""
