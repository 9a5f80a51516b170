"""What axe-core and the width of the window say of a page that stands open in a browser."""

from collections.abc import Sequence
from functools import lru_cache

from playwright.sync_api import Page

from local.places import ROOT

#: The success criteria patients' pages are held to: WCAG 2.2, levels A and AA.
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
# The page as it stands: its letters are there, nothing moves, and a new width has been laid out and painted.
STANDS = """async () => {
  await document.fonts.ready;
  await Promise.all(document.getAnimations().map(one => one.finished.catch(() => null)));
  for (let n = 0; n < 2; n++) await new Promise(painted => requestAnimationFrame(painted));
}"""
RUN = "rules => axe.run(document, {resultTypes: ['violations'], ...(rules.length ? {runOnly: rules} : {})})"


def check_access(page: Page, name: str, rules: Sequence[str] = ()) -> None:
    """Assert that the page does not scroll sideways and breaks no rule of axe tagged with `rules` (none: every rule).

    Its context needs `bypass_csp` only where the page's own policy forbids what axe does; `name` tells pages apart.
    """
    page.wait_for_load_state()
    window = page.viewport_size
    assert window is not None
    page.evaluate(STANDS)
    wider = page.evaluate("document.documentElement.scrollWidth") - window["width"]
    assert wider <= 0, f"{name} scrolls sideways by {wider} px at {window['width']} px"
    page.evaluate(_axe())
    found = page.evaluate(RUN, list(rules))["violations"]
    broken = [(one["id"], [node["html"][:160] for node in one["nodes"][:3]]) for one in found]
    assert broken == [], f"{name}: {broken}"


@lru_cache
def _axe() -> str:
    return (ROOT / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
