"""The texts staff answer a reply with by one click, by the names of their templates."""

from typing import Literal, get_args

QuickText = Literal["quick_we_call", "quick_call_us", "quick_bring_someone", "quick_late_is_fine"]
QUICK_TEXTS: tuple[QuickText, ...] = get_args(QuickText)
