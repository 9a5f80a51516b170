"""Wire shapes of the dashboard's API."""

from pydantic import BaseModel, ConfigDict, Field


class ViewsQuery(BaseModel):
    """Whose views to list, and where to go on."""

    model_config = ConfigDict(extra="forbid")

    patient_id: str = Field(min_length=36, max_length=36)
    limit: int = Field(default=50, ge=1, le=100)
    cursor: str = Field(default="", max_length=64)
