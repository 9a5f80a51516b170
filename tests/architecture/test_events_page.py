from local import events_page


def test_the_events_page_is_what_the_contracts_say() -> None:
    assert events_page.PAGE.read_text(encoding="utf-8") == events_page.page(), "run `make docs-events`"
