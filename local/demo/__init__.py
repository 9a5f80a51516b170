"""The demo clinic: invented staff, and sixty invented patients at every stage of their way."""
