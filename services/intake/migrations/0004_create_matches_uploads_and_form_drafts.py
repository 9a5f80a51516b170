"""Match queue, merges, uploads, questionnaire drafts; links that staff issue."""

from alembic import op

revision = "0004"
down_revision = "0003"

IDENTITY = """
CREATE TABLE match_case (
    id uuid NOT NULL, patient_id uuid NOT NULL, submission_id uuid, candidates_sealed bytea NOT NULL,
    state text NOT NULL DEFAULT 'open', version integer NOT NULL DEFAULT 1, opened_at timestamptz NOT NULL,
    decided_by text NOT NULL DEFAULT '', decided_at timestamptz,
    CONSTRAINT pk_match_case PRIMARY KEY (id),
    CONSTRAINT fk_match_case_patient_id FOREIGN KEY (patient_id) REFERENCES patient (id),
    CONSTRAINT ck_match_case_state CHECK (state IN ('open', 'merged', 'kept_apart')));
CREATE INDEX ix_match_case_open ON match_case (opened_at) WHERE state = 'open';
CREATE INDEX ix_match_case_patient_id ON match_case (patient_id);
CREATE INDEX ix_patient_merged_into ON patient (merged_into) WHERE merged_into IS NOT NULL;
ALTER TABLE patient_link ADD COLUMN issued_mode text NOT NULL DEFAULT 'self',
    ADD COLUMN may_read boolean NOT NULL DEFAULT false;
"""

UPLOADS = """
CREATE TABLE upload (
    id uuid NOT NULL, submission_id uuid NOT NULL, link_id text NOT NULL, name_sealed bytea NOT NULL,
    content_sealed bytea NOT NULL, media_type text NOT NULL, bytes integer NOT NULL, pages integer NOT NULL DEFAULT 1,
    state text NOT NULL, reason text NOT NULL DEFAULT '', received_at timestamptz NOT NULL,
    CONSTRAINT pk_upload PRIMARY KEY (id),
    CONSTRAINT fk_upload_submission_id FOREIGN KEY (submission_id) REFERENCES submission (id),
    CONSTRAINT ck_upload_state CHECK (state IN ('clean', 'quarantined')));
CREATE INDEX ix_upload_submission_id ON upload (submission_id);
"""

FORM_DRAFTS = """
CREATE TABLE questionnaire_draft (
    id uuid NOT NULL, form text NOT NULL, based_on text NOT NULL, document jsonb NOT NULL,
    version integer NOT NULL DEFAULT 1, changed_by text NOT NULL, changed_at timestamptz NOT NULL,
    published_as text NOT NULL DEFAULT '',
    CONSTRAINT pk_questionnaire_draft PRIMARY KEY (id));
CREATE INDEX ix_page_save_saved_at ON page_save (saved_at);
"""


def upgrade() -> None:
    for block in (IDENTITY, UPLOADS, FORM_DRAFTS):
        op.execute(block)


def downgrade() -> None:
    op.execute("DROP INDEX ix_page_save_saved_at")
    op.execute("DROP TABLE questionnaire_draft, upload, match_case")
    op.execute("DROP INDEX ix_patient_merged_into")
    op.execute("ALTER TABLE patient_link DROP COLUMN issued_mode, DROP COLUMN may_read")
