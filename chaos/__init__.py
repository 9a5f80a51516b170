"""The fault laboratory: a seeded nemesis over the whole clinic, a recorded history, and a checker that reads it."""
