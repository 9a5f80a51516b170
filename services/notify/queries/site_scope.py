"""Which rows a member of staff limited to some sites may see."""

# A row belongs to its visit's site, else to that of the patient's last visit, else to nobody's: then everyone sees it,
# as nobody else would. An empty array stands for every site.
SEEN = """(cardinality(CAST(:sites AS text[])) = 0 OR coalesce(VISIT.facts -> 'site' ->> 'id',
        (SELECT w.facts -> 'site' ->> 'id' FROM appointment w WHERE w.patient_id = PATIENT AND w.facts IS NOT NULL
            ORDER BY w.starts_at DESC, w.id LIMIT 1), '') = ANY(array_append(CAST(:sites AS text[]), '')))"""


def of_sites(query: str, visit: str, patient: str) -> str:
    """Return `query` with its `SEEN` spelled out: true for rows of the bound `sites`.

    `visit` is the alias of the row's appointment, `patient` the column of its patient.
    """
    return query.replace("SEEN", SEEN.replace("VISIT", visit).replace("PATIENT", patient))
