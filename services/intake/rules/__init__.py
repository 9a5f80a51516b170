"""Pure decisions of intake: the compiled form, branching, reading of answers, scores, clocks."""
