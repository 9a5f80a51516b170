"""Remember the filters a person last used on a list."""

from uuid import UUID

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.dashboard.model import SavedView


def save_view(session: Session, staff_id: UUID, page: str, query: str) -> None:
    """Keep `query` (an address's query string, of codes only) as the person's view of `page`."""
    kept = insert(SavedView).values(staff_id=staff_id, page=page, query=query[:500])
    session.execute(
        kept.on_conflict_do_update(
            index_elements=["staff_id", "page"],
            set_={"query": kept.excluded.query, "saved_at": func.now()},
        )
    )
