"""A patient's file over HTTP, for clinical staff; one in quarantine is not handed out."""

import base64

from apiflask import APIBlueprint
from flask import Response

from kernel.audit import record
from kernel.database import Database
from kernel.ids import parse_id
from kernel.web.principal import allow, principal
from kernel.web.problems import conflict, not_found
from services.intake.model import Upload


def upload_routes(database: Database) -> APIBlueprint:
    """Return the blueprint of `/uploads`."""
    routes = APIBlueprint("uploads", __name__)

    @routes.get("/uploads/<upload_id>")
    @allow(roles={"nurse", "provider"})
    @routes.doc(responses=[200])
    def read(upload_id: str) -> Response:
        """The file itself, always as a download."""
        found = parse_id(upload_id)
        with database.transaction() as session:
            upload = session.get(Upload, found) if found else None
            if upload is None:
                raise not_found("upload")
            if upload.state != "clean":
                raise conflict(
                    "quarantined", "This file is in quarantine and is not handed out.", reason=upload.reason
                )
            record(session, principal().actor, "view_upload", "upload", upload.id)
            content = upload.content
            body = base64.b64decode(content.reveal()) if content else b""
        return Response(
            body,
            content_type=upload.media_type,
            headers={"Content-Disposition": "attachment", "Content-Security-Policy": "sandbox"},
        )

    return routes
