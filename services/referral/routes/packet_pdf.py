"""Draw an outgoing packet as PDF: US Letter, fonts that can write nearly any name, sections in reading order."""

import logging
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from unicodedata import normalize

from fpdf import FPDF

from services.referral.rules.packet import Found, Packet

# It tells of every table it cuts down and every letter it keeps: forty lines a packet, and letters of names in them.
logging.getLogger("fontTools").setLevel(logging.WARNING)

FONT, EAST_ASIAN = "NotoSans", "NotoSansCJK"
# Without a variation asked for, the variable font gives its regular weight; cutting another takes 18 s.
FONT_FILE = Path(str(files("fontpkg_noto_sans"))) / "files" / "NotoSans[wdth,wght].ttf"
EAST_ASIAN_FILE = Path(str(files("noto_cjk_sans_jp_regular"))) / "NotoSansCJKjp-Regular.otf"
INK, QUIET, LINE, TINT = (27, 33, 40), (92, 102, 112), (206, 212, 218), (238, 242, 245)
ALARM = (178, 29, 56)
MARGIN, LABEL = 16.0, 44.0


class _Sheet(FPDF):
    """The page with its foot: whose packet, which page. fpdf2 calls `footer` by this name."""

    foot = ""

    def footer(self) -> None:
        self.set_y(-13)
        self.set_font(FONT, size=7)
        self.set_text_color(*QUIET)
        self.cell(self.epw - 22, 4, readable(self.foot), align="L")
        self.cell(22, 4, f"Page {self.page_no()} of {{nb}}", align="R")


def draw_packet(packet: Packet, *, foot: str) -> bytes:
    """Return the packet as a PDF file. `foot` stands under every page."""
    sheet = _blank()
    sheet.foot = foot
    sheet.set_margins(MARGIN, MARGIN, MARGIN)
    sheet.set_auto_page_break(True, 18)
    sheet.set_lang("en-US")
    sheet.set_title(packet.title)
    sheet.add_page()
    _head(sheet, packet)
    _pairs(sheet, "Patient", packet.patient)
    _pairs(sheet, "Contact at the clinic", packet.contact)
    _pairs(sheet, "Standing", packet.facts)
    _found(sheet, "Red flags", packet.red_flags, "None fired.", colour=ALARM)
    _found(sheet, "Rules that decided", packet.rules, "No rule was true on these answers.")
    _found(sheet, "Headache diagnoses by ICHD-3", packet.diagnoses, "")
    _pairs(sheet, "Visits", packet.visits)
    _pairs(sheet, "Answers", packet.answers, label=104.0)
    _pairs(sheet, "Notes", packet.notes)
    _list(sheet, "Red flags that could not be judged: questions not answered", packet.unjudged)
    _list(sheet, "Not answered, and could change the route or priority", packet.open_questions)
    return bytes(sheet.output())


def _blank() -> _Sheet:
    sheet = _Sheet(format="letter", unit="mm")
    sheet.add_font(FONT, "", FONT_FILE)
    sheet.add_font(EAST_ASIAN, "", EAST_ASIAN_FILE)
    sheet.set_fallback_fonts([EAST_ASIAN])
    return sheet


@lru_cache(maxsize=1)
def _known() -> frozenset[int]:
    """The code points one of the fonts can write."""
    return frozenset(letter for font in _blank().fonts.values() for letter in getattr(font, "cmap", ()))


def readable(text: str) -> str:
    """Return the text with every letter the fonts lack written so that it can still be read.

    A letter with a mark becomes the bare letter; a script the fonts do not have becomes its code points.
    """
    known = _known()
    written = []
    for letter in normalize("NFC", text):
        if ord(letter) in known or letter == "\n":
            written.append(letter)
            continue
        bare = "".join(one for one in normalize("NFD", letter) if ord(one) in known)
        written.append(bare or f"[U+{ord(letter):04X}]")
    return "".join(written)


def _head(sheet: FPDF, packet: Packet) -> None:
    sheet.set_text_color(*INK)
    _strong(sheet, packet.title, 19)
    sheet.set_fill_color(*TINT)
    sheet.set_draw_color(*LINE)
    top = sheet.get_y() + 1
    sheet.rect(MARGIN, top, sheet.epw, 20, style="F", round_corners=True, corner_radius=2)
    sheet.set_xy(MARGIN + 4, top + 3)
    _strong(sheet, f"{packet.priority}  {packet.route[:1].upper()}{packet.route[1:]}", 14)
    sheet.set_x(MARGIN + 4)
    sheet.set_font(FONT, size=9)
    sheet.set_text_color(*QUIET)
    sheet.multi_cell(sheet.epw - 8, 5, readable(packet.standing), new_x="LMARGIN", new_y="NEXT")
    sheet.set_y(top + 23)


def _strong(sheet: FPDF, text: str, size: float) -> None:
    """Write a line with its strokes thickened: the fonts come in one weight."""
    sheet.set_font(FONT, size=size)
    sheet.set_draw_color(*INK)
    with sheet.local_context(text_mode="FILL_STROKE", line_width=size / 60):
        sheet.cell(0, size * 0.52, readable(text), new_x="LMARGIN", new_y="NEXT")


def _title(sheet: FPDF, text: str, colour: tuple[int, int, int] = INK) -> None:
    # A heading never stands alone at the foot of a page.
    if sheet.will_page_break(22):
        sheet.add_page()
    sheet.ln(3)
    sheet.set_text_color(*colour)
    sheet.set_font(FONT, size=11)
    sheet.set_draw_color(*colour)
    with sheet.local_context(text_mode="FILL_STROKE", line_width=0.15):
        sheet.multi_cell(0, 6, readable(text), new_x="LMARGIN", new_y="NEXT")
    sheet.set_draw_color(*LINE)
    sheet.set_line_width(0.2)
    sheet.line(MARGIN, sheet.get_y(), MARGIN + sheet.epw, sheet.get_y())
    sheet.ln(1.2)


def _pairs(sheet: FPDF, title: str, pairs: Sequence[tuple[str, str]], label: float = LABEL) -> None:
    if not pairs:
        return
    _title(sheet, title)
    for name, value in pairs:
        _row(sheet, name, value, label)


def _row(sheet: FPDF, name: str, value: str, label: float) -> None:
    sheet.set_font(FONT, size=9)
    sides = (readable(name), readable(value))
    widths = (label - 3, sheet.epw - label)
    tall = max(_height(sheet, width, text) for width, text in zip(widths, sides, strict=True))
    if tall < sheet.eph / 2 and sheet.will_page_break(tall):
        sheet.add_page()
    top = sheet.get_y()
    sheet.set_text_color(*QUIET)
    sheet.multi_cell(widths[0], 4.6, sides[0], align="L", new_x="LMARGIN", new_y="NEXT")
    page, below = sheet.page_no(), sheet.get_y()
    sheet.set_xy(MARGIN + label, top)
    sheet.set_text_color(*INK)
    sheet.multi_cell(widths[1], 4.6, sides[1], align="L", new_x="LMARGIN", new_y="NEXT")
    if sheet.page_no() == page:
        sheet.set_y(max(below, sheet.get_y()))
    sheet.ln(0.6)


def _height(sheet: FPDF, width: float, text: str) -> float:
    tall = sheet.multi_cell(width, 4.6, text, align="L", dry_run=True, output="HEIGHT")
    assert isinstance(tall, float | int)
    return tall


def _found(
    sheet: FPDF, title: str, found: Sequence[Found], nothing: str, *, colour: tuple[int, int, int] = INK
) -> None:
    if not found and not nothing:
        return
    _title(sheet, title, colour if found else INK)
    if not found:
        _line(sheet, nothing, QUIET)
    for one in found:
        name = one.name if one.name == one.id else f"{one.id}  {one.name}"
        _line(sheet, f"{name}: {one.says}" if one.says else name, INK, size=9.5)
        for question, answer in one.because:
            _line(sheet, f"{question}  \u2192  {answer}", INK, indent=5)
        _line(sheet, one.provenance, QUIET, size=7.5, indent=5)
        sheet.ln(1)


def _list(sheet: FPDF, title: str, lines: Iterable[str]) -> None:
    shown = " \u00b7 ".join(dict.fromkeys(lines))
    if shown:
        _title(sheet, title)
        _line(sheet, shown, INK)


def _line(
    sheet: FPDF, text: str, colour: tuple[int, int, int], *, size: float = 9, indent: float = 0
) -> None:
    sheet.set_font(FONT, size=size)
    sheet.set_text_color(*colour)
    sheet.set_x(MARGIN + indent)
    sheet.multi_cell(
        sheet.epw - indent, size * 0.51, readable(text), align="L", new_x="LMARGIN", new_y="NEXT"
    )
