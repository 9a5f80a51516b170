"""Pure decisions about messages: when, whether, and in which words. Time and ids arrive as arguments."""
