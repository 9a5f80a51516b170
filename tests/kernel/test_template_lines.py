"""Templates are laid out in lines; the pages made of them have none of those lines' breaks."""

import pytest
from jinja2 import Environment

from kernel.web.template_lines import TemplateLines

LAID_OUT = """\
{% macro tag(words) %}
  {# a comment #}
  {% if words %}
    <span class="tag"{% if words == 'a' %}
        data-first{% endif %}
        title="{{ words }} > none">
      {{ words }}
    </span>
  {% endif %}
{% endmacro %}
<p>
  {{ tag('a') }}{{ tag('b') }} {{ tag('') }}
  long words
  of one {{ 'sentence' }}
  {{ 'and' }}
  <b>end</b> here
</p>
"""


def test_a_break_beside_markup_is_nothing_and_between_words_a_space() -> None:
    page = Environment(extensions=[TemplateLines], autoescape=True).from_string(LAID_OUT).render()
    assert page == (
        '<p><span class="tag" data-first title="a > none">a</span>'
        '<span class="tag" title="b > none">b</span>  long words of one sentence and<b>end</b> here</p>'
    )


@pytest.mark.parametrize("name", ["pre", "textarea", "script", "style"])
def test_where_breaks_are_the_authors_own_they_stay(name: str) -> None:
    source = f"<{name}>\n  a\n\n  b\n</{name}>"
    assert Environment(extensions=[TemplateLines]).from_string(source).render() == source


def test_words_around_a_less_than_sign_are_no_tag() -> None:
    assert Environment(extensions=[TemplateLines]).from_string("1 < 2\n> 0").render() == "1 < 2 > 0"
