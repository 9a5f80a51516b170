"""Pure decisions of the dashboard: no input or output, times and ids arrive as arguments."""
