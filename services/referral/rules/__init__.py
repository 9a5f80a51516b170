"""Pure decisions: states, clocks, slots. Standard library only; time and ids arrive as arguments."""
