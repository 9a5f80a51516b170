"""What may stand in a text message: its length, its placeholders, and the words it must never carry."""
