"""Why a message was not sent, or not yet, or goes although a limit is reached; and why a reply waits: in words."""

from typing import Any

from services.dashboard.rules.words import plain

# What a reason of notify means to who reads the list. A provider's own code is shown as it is.
REASONS = {
    "moved": "the visit was moved",
    "cancelled": "the visit was cancelled",
    "attended": "the patient has come",
    "no_show": "the visit was missed",
    "no_contact": "no number or address is known",
    "no_consent": "the patient did not agree to this",
    "opted_out": "the patient asked us to stop",
    "number_dead": "the number or address does not reach anybody",
    "other_channel": "it goes by another way",
    "after_sms": "in place of the text that did not reach them",
    "after_email": "in place of the e-mail that did not reach them",
    "not_for_this_notice": "the cadence has it for visits booked earlier or later than this one",
    "not_high_risk": "it is for patients who missed a visit before",
    "already_past_when_booked": "its time was over when the visit was booked",
    "sending_paused": "sending is paused: see Message health",
    "late": "it should have gone by now: see Message health",
    "restored_elsewhere": "another service was restored from a copy",
    "restored": "the data were restored from a copy, which does not know what went out after it was made",
    "quiet_hours": "it is night where the patient is",
    "quiet_hours_until_visit": "no allowed hour is left before the visit",
    "daily_cap": "one message a day is the limit",
    "weekly_cap": "three messages in seven days are the limit",
    "too_late": "its time was over before it could go",
    "reply_waits_for_staff": "a reply of the patient waits to be read",
    "held_too_long": "a reply was not read before its time was over",
    "released": "the reply that held it has been read",
    "staff_spoke_with_patient": "staff spoke with the patient shortly before",
    "health_words": "its words would have told about health",
    "no_template": "there are no words for it",
    "value_missing": "a value its words ask for is missing",
    "unreadable": "a stored value cannot be read: its key is not here",
    "not_on_allow_list": "test mode: the recipient is not on the list",
    "provider_pace": "the provider’s pace is used up for the moment",
    "provider_busy": "the provider asked us to wait",
    "provider_unreachable": "the provider could not be reached",
    "provider_denied": "the provider says it never had it: sent again",
    "provider_gave_up": "the provider gave up",
    "provider_refused": "the provider refused it",
    "provider_address": "no mail server takes this address",
    "worker_lost": "the sending process ended meanwhile",
    "worker_lost_again": "the sending process ended twice with it",
    "worker_lost_often": "the sending process ended three times with it: staff are told",
    "lookup_lost_often": "asking the provider ended the process three times: asked seldom now",
    "provider_denied_again": "the provider says it never had it, and the sending process ended twice with it",
    "timeout": "the provider gave no answer in time",
    "reset": "the connection broke",
    "no_answer": "no answer",
    "no_id": "the provider’s answer could not be read",
    "no_receipt": "the carrier never said whether it arrived",
    "unknown_at_visit": "nobody could say before the visit began; never sent a second time",
    "offer_claimed": "the offered time is taken",
    "offer_lost": "somebody else took the time",
    "offer_declined": "the patient declined the time",
    "offer_expired": "the offer is over",
    "offer_withdrawn": "the offer was withdrawn",
    # These go although a limit is reached, and are not counted against it.
    "booking_confirmation": "confirms the booking; not counted against the limits",
    "own_page": "leads to the patient’s own page; not counted against the limits",
    "same_day_reminder": "for the same day; not counted against the limits",
    "correction": "corrects what was sent; not counted against the limits",
    "answer_to_own_text": "answers the patient’s own text",
    "one_time_code": "the patient asked for it",
    "staff_urgent": "marked urgent by staff",
    "staff_answer": "staff answered",
    "professional": "to staff or a referrer",
}
WAITS = {
    "no_words": "no words that can be read",
    "pictures_only": "only pictures, which were not fetched",
    "reaction": "a reaction to one of our texts",
    "urgent_words": "it may be urgent",
    "free_text_opt_out": "they may want no more texts",
    "opt_out_clause": "it stops our texts, and says more",
    "opted_out_and_asks_about_visit": "it stops our texts, and may be about the visit too",
    "wrong_number": "it may be a wrong number",
    "free_text": "no rule knows these words",
    "time_wish": "it names another time",
    "two_codes": "two answers at once",
    "code_in_text": "an answer inside other words",
    "yes_alone": "a yes that may be to anything",
    "no_alone": "a no that may mean the visit",
    "courtesy": "a thank-you",
    "number": "a number nobody asked for",
    "cannot_come": "they cannot come",
    "reschedule": "they want another time",
    "answers_an_offer": "it may answer an offered time",
    "no_visit": "no visit it could be about",
    "shared_number": "several patients have this number",
    "several_visits": "it may be about one of several visits",
}
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def why(code: object) -> str:
    """Return a message's reason in words, for the middle of a sentence; a provider's code names the provider."""
    known = REASONS.get(str(code))
    if known:
        return known
    number = str(code or "").removeprefix("provider_")
    return f"the provider answered {number}" if number.isdigit() else plain(code).lower()


def why_open(code: object) -> str:
    """Return why a reply waits for a person, in words."""
    return WAITS.get(str(code), plain(code).lower())


def shown_state(message: dict[str, Any]) -> str:
    """Return the state to show: a doubt that can no longer be settled is no longer "not known yet"."""
    never = message.get("state") == "unknown" and message.get("reason") == "unknown_at_visit"
    return "never_known" if never else str(message.get("state"))


def wished_time(hint: dict[str, Any]) -> str:
    """Return the day and hour a reply names ("Thursday, 3:30 pm, afternoon"); notify's hint has any of the parts."""
    said = [plain(hint.get("day"))]
    date = hint.get("date")
    if isinstance(date, list | tuple) and len(date) == 2 and 1 <= int(date[0]) <= 12:
        said.append(f"{MONTHS[int(date[0]) - 1]} {date[1]}")
    if hint.get("hour") is not None:
        minute, meridiem = int(hint.get("minute") or 0), str(hint.get("meridiem") or "")
        hour = (
            f"{hint['hour']}:{minute:02}" if minute or meridiem == "24" or not meridiem else str(hint["hour"])
        )
        said.append(f"{hour} {meridiem}" if meridiem in ("am", "pm") else hour)
    said.append(str(hint.get("part") or ""))
    return ", ".join(part for part in said if part)
