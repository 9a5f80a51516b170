"""A protocol variable's name in words, for when the owner sends no label."""

_STARTS = {
    "hx": "headache",
    "med": "medicine",
    "nprs": "pain score",
    "phq2": "PHQ-2",
    "phq9": "PHQ-9",
    "gad2": "GAD-2",
    "bp": "blood pressure",
    "tx": "treatment",
    "rom": "range of motion",
    "frt": "flexion-rotation test",
    "loc": "loss of consciousness",
}


def label_of(variable: str, labels: dict[str, str]) -> str:
    """Return the label given, or the id with its shorthand written out."""
    given = labels.get(variable)
    if given:
        return given
    words = " ".join(_STARTS.get(word, word) for word in variable.split("_"))
    return words[:1].upper() + words[1:]


def value_words(value: object) -> str:
    """Return an answer in words. None is not an answer, and is never shown as "no"."""
    if value is None:
        return "not answered"
    if value is True:
        return "yes"
    if value is False:
        return "no"
    if isinstance(value, list):
        between = "; " if any(isinstance(one, dict) for one in value) else ", "
        return between.join(value_words(one) for one in value) or "none of these"
    if isinstance(value, dict):
        if "at_least" in value:
            return f"{value_words(value['at_least'])} to {value_words(value['at_most'])}"
        # A row of a table, such as a medicine: what kind it is goes first and needs no name.
        said = [
            value_words(one) if key == "class" else f"{key.replace('_', ' ')} {value_words(one)}"
            for key, one in value.items()
        ]
        return ", ".join(said)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).replace("_", " ")
