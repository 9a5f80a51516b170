"""A QR code as a picture inside a page: made here, so that no other host learns the address."""

import segno
from markupsafe import Markup


def qr_code(address: str, label: str) -> Markup:
    """Return an SVG of `address` that a camera reads; it grows with its box. `label` is what it is, in words."""
    drawn = segno.make_qr(address, error="m").svg_inline(
        border=4, light="#fff", dark="#000", omitsize=True, svgclass="wm-qr"
    )
    return Markup('<div class="wm-qr-box" role="img" aria-label="{}">{}</div>').format(
        label,
        Markup(drawn),  # noqa: S704 - drawn by segno from modules, not from the address's letters
    )
