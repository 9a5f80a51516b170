"""Wire shapes of the dashboard's API."""

from pydantic import BaseModel, ConfigDict, Field


class ViewsQuery(BaseModel):
    """Whose views to list, and where to go on."""

    model_config = ConfigDict(extra="forbid")

    patient_id: str = Field(pattern=r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$")
    limit: int = Field(default=50, ge=1, le=100)
    cursor: str = Field(default="", max_length=64)
