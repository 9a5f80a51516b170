"""What a patient's text means, decided by rules a person can read."""
