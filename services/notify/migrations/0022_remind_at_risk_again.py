"""A third reminder on the day itself, for patients who missed a visit before."""

import json

import sqlalchemy as sa
from alembic import op

from kernel.ids import new_id

revision = "0022"
down_revision = "0042"

STEP = {
    "step": "third",
    "moment": "hours_before",
    "amount": 3,
    "channels": ["sms", "email"],
    "template": "visit_reminder",
    "exempt": "same_day_reminder",
    "audience": "high_risk",
}
EXTEND = sa.text(
    "INSERT INTO cadence (id, visit_type, site_id, route, version, steps, published_by)"
    " SELECT :id, '', '', '', version + 1, steps || CAST(:steps AS jsonb), 'shipped' FROM cadence"
    " WHERE visit_type = '' AND site_id = '' AND route = '' ORDER BY version DESC LIMIT 1"
)
BACK = """
DELETE FROM cadence WHERE published_by = 'shipped' AND steps @> '[{"audience": "high_risk"}]'::jsonb
"""


def upgrade() -> None:
    op.execute(EXTEND.bindparams(id=new_id(), steps=json.dumps([STEP])))


def downgrade() -> None:
    op.execute(BACK)
