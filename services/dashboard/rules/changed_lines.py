"""Two wordings side by side, line by line, with the lines that are not in the other marked."""

from difflib import SequenceMatcher

Line = tuple[str, bool]


def changed_lines(seen: str, now: str) -> tuple[list[Line], list[Line]]:
    """Return the lines of what was seen and of what is now, each with True when the other has it not there."""
    before, after = seen.splitlines(), now.splitlines()
    gone, new = [True] * len(before), [True] * len(after)
    for first, second, many in SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks():
        gone[first : first + many] = new[second : second + many] = [False] * many
    return list(zip(before, gone, strict=True)), list(zip(after, new, strict=True))
