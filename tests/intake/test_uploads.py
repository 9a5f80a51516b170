"""A letter or picture: taken for what its bytes are, kept sealed, seen in the case; doubtful ones in quarantine."""

import io
import struct
import zipfile
import zlib
from typing import Any

import pytest

from services.intake.rules.upload_check import check_upload
from tests.intake.conftest import FRONT_DESK, Clinic


def png(width: int = 2, height: int = 2, *, tail: bytes = b"") -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(b"\x00\x00\x00\x00" * 4)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"") + tail


PDF = b"%PDF-1.4\n1 0 obj<</Type /Page>>endobj\ntrailer<<>>\n%%EOF\n"
JPEG = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF"
    + b"\x00" * 10
    + b"\xff\xc0\x00\x11\x08\x00\x10\x00\x10\x03"
    + b"\x00" * 12
    + b"\xff\xd9"
)
BOMB = png().replace(zlib.compress(b"\x00\x00\x00\x00" * 4), b"not packed at all")


def pdf(body: bytes) -> bytes:
    return b"%PDF-1.7\n1 0 obj<</Type/Page>>endobj\n" + body + b"\n%%EOF\n"


def packed(says: bytes, content: bytes) -> bytes:
    return pdf(b"2 0 obj<<" + says + b">>stream\n" + content + b"\nendstream endobj")


def archive() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as one:
        # At a fixed time: these bytes name the tests, and every worker must collect the same names.
        one.writestr(zipfile.ZipInfo("../../etc/passwd"), "x")
    return held.getvalue()


ZEROS = zlib.compress(b"\x00" * 60_000_000, 9)
SCRIPT = b"<</S/JavaScript/JS(app.alert(1))>>"
HOSTILE = [
    (packed(b"/Filter/FlateDecode", ZEROS), "application/pdf", "", "unpacks_too_large"),
    (
        packed(b"/Filter[/FlateDecode/FlateDecode]", zlib.compress(ZEROS, 9)),
        "application/pdf",
        "",
        "unpacks_too_large",
    ),
    (packed(b"/Filter[/Fl/Fl/Fl/Fl]", b"x"), "application/pdf", "", "odd_filters"),
    (
        packed(b"/Type/ObjStm/Filter/FlateDecode", zlib.compress(SCRIPT)),
        "application/pdf",
        "",
        "active_content",
    ),
    (pdf(b"<</AcroForm<</S/JavaScrip#74/J#53(1)>>>>"), "application/pdf", "", "active_content"),
    (png(30_000, 30_000), "image/png", "too_many_pixels", ""),
    (PDF, "image/png", "type_differs", ""),
    (archive(), "application/pdf", "type_not_taken", ""),
    (archive(), "application/zip", "type_not_taken", ""),
    (b"MZ\x90\x00" + b"\x00" * 500, "application/octet-stream", "type_not_taken", ""),
    # Not hostile: a page shown first, and letters of a picture that happen to spell a name.
    (pdf(b"<</Type/Catalog/OpenAction[1 0 R/Fit]>>"), "application/pdf", "", ""),
    (packed(b"/Subtype/Image/Filter/DCTDecode", b"\xff\xd8 /JS /AA /Launch"), "application/pdf", "", ""),
]


@pytest.mark.capability("I11")
@pytest.mark.parametrize(("content", "claimed", "refused", "quarantined"), HOSTILE)
def test_hostile_files_are_known_by_what_is_in_them(
    content: bytes, claimed: str, refused: str, quarantined: str
) -> None:
    """BAD-64: a bomb, twice packed; scripts under other spellings and in packed objects; 30,000 by 30,000; ../ in a zip."""
    verdict = check_upload(content, claimed)
    assert (verdict.refused, verdict.quarantined) == (refused, quarantined)


@pytest.mark.parametrize(
    "name", ["../../x.pdf", "a\u202egpj.pdf", "n" * 300 + ".pdf", "<script>.pdf", "C:\\x.pdf"]
)
def test_a_files_name_is_never_a_path(clinic: Clinic, name: str) -> None:
    """BAD-65: the name is shown and stored as text; the file is found by an id of ours and only ever downloaded."""
    browser = post(clinic, PDF, name, "application/pdf")
    assert browser.status == 200
    (row,) = clinic.sql("SELECT id FROM upload")
    got = clinic.call("GET", f"/uploads/{row.id}")
    assert got.headers["Content-Disposition"] == "attachment"
    assert got.data == PDF
    browser.open(f"/intake/q/{browser.token}/letter")
    assert "<script>" not in browser.body


@pytest.mark.capability("I11")
@pytest.mark.parametrize(
    ("content", "claimed", "refused", "quarantined"),
    [
        (PDF, "application/pdf", "", ""),
        (png(), "image/png", "", ""),
        (JPEG, "image/jpeg", "", ""),
        (b"", "image/png", "empty", ""),
        (b"MZ\x90\x00", "application/pdf", "type_not_taken", ""),
        (b"<svg/>", "image/svg+xml", "type_not_taken", ""),
        (PDF, "image/png", "type_differs", ""),
        (png(50_000, 50_000), "image/png", "too_many_pixels", ""),
        (b"%PDF-1.4 cut short", "application/pdf", "damaged", ""),
        (BOMB, "image/png", "damaged", ""),
        (PDF + b" " * 5_000_001, "application/pdf", "too_large", ""),
        (PDF.replace(b"endobj", b"/JavaScript endobj"), "application/pdf", "", "active_content"),
        (PDF.replace(b"trailer", b"/Encrypt trailer"), "application/pdf", "", "encrypted"),
        (
            PDF.replace(b"endobj", b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE endobj"),
            "application/pdf",
            "",
            "malware",
        ),
        (png(tail=b"<script>alert(1)</script>"), "image/png", "", "two_types_at_once"),
    ],
)
def test_files_are_judged_by_their_bytes(
    content: bytes, claimed: str, refused: str, quarantined: str
) -> None:
    verdict = check_upload(content, claimed)
    assert (verdict.refused, verdict.quarantined) == (refused, quarantined)


def post(clinic: Clinic, content: bytes, name: str, kind: str) -> Any:
    browser = clinic.browser().start()
    browser.open(f"/intake/q/{browser.token}/letter")
    return browser.send({"referral_letter": (io.BytesIO(content), name, kind)})


@pytest.mark.capability("I11")
def test_a_letter_is_seen_in_the_case_and_handed_out_to_clinicians(clinic: Clinic) -> None:
    browser = post(clinic, PDF, "Dr Lee's letter.pdf", "application/pdf")
    assert browser.page == "visit", browser.body
    (row,) = clinic.sql("SELECT id FROM submission")
    (upload,) = clinic.get(f"/submissions/{row.id}")["uploads"]
    assert (upload["name"], upload["state"], upload["bytes"]) == ("Dr Lee's letter.pdf", "clean", len(PDF))
    got = clinic.call("GET", f"/uploads/{upload['id']}")
    assert got.data == PDF
    assert got.headers["Content-Disposition"] == "attachment"
    assert clinic.call("GET", f"/uploads/{upload['id']}", actor=FRONT_DESK).status_code == 403
    (raw,) = clinic.sql("SELECT content_sealed FROM upload")
    assert PDF not in bytes(raw.content_sealed)
    browser.send({"other_notes": "Duermo mal <b>"})
    told = clinic.get(f"/submissions/{row.id}/as-answered")
    assert [one["name"] for one in told["uploads"]] == ["Dr Lee's letter.pdf"]
    said = {one["question"]: one["answers"] for page in told["pages"] for one in page["answers"]}
    assert ["Duermo mal <b>"] in said.values(), "in the patient's own words"
    assert clinic.call("GET", f"/submissions/{row.id}/as-answered", actor=FRONT_DESK).status_code == 403
    (patient,) = clinic.sql("SELECT id FROM patient")
    (listed,) = clinic.get(f"/patients/{patient.id}/submissions")["items"]
    assert (listed["files"], listed["answered_by"], listed["title"]) == (
        1,
        "self",
        "Questions before your visit",
    )


@pytest.mark.capability("I11")
def test_quarantined_files_are_listed_and_never_handed_out(clinic: Clinic) -> None:
    post(clinic, PDF.replace(b"endobj", b"/JavaScript endobj"), "x.pdf", "application/pdf")
    (row,) = clinic.sql("SELECT id FROM submission")
    (upload,) = clinic.get(f"/submissions/{row.id}")["uploads"]
    assert (upload["state"], upload["reason"]) == ("quarantined", "active_content")
    assert clinic.call("GET", f"/uploads/{upload['id']}").status_code == 409


@pytest.mark.capability("I11")
def test_a_file_of_another_kind_is_refused_in_plain_words(clinic: Clinic) -> None:
    browser = post(clinic, b"MZ\x90", "virus.exe", "application/octet-stream")
    assert browser.status == 422
    assert "PDF, JPG or PNG" in browser.body
    assert clinic.sql("SELECT count(*) AS n FROM upload")[0].n == 0
