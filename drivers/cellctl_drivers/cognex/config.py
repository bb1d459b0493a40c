"""What a cell file says about an In-Sight camera."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from cellctl.devices import DeviceConfig
from cellctl.units import Time
from cellctl_drivers.cognex.registers import is_reference


def _checked(text: str) -> str:
    if not is_reference(text):
        raise ValueError(f"{text!r} is neither a cell (column letter and three digits, B002) nor a symbolic tag")
    return text


#: No control characters: these go out on a line of their own.
_PLAIN = r"^[^\x00-\x1f\x7f]*$"

Reference = Annotated[str, AfterValidator(_checked)]


class Results(BaseModel):
    """Where the job puts its results: cells (``B002``) or symbolic tags (``Part.Code``).

    They describe the part that is furthest along the belt. Lengths are in mm and the angle in
    degrees about the camera's z, in the camera's calibrated frame.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    found: Reference = Field(description="number of parts in view")
    x: Reference = Field(description="position in mm")
    y: Reference = Field(description="position in mm")
    angle: Reference = Field(description="angle about z in degrees")
    good: Reference = Field(description="1 for a good part")
    code: Reference = Field(description="what the code says; #ERR or empty where it could not be read")
    exposure: Reference | None = Field(
        default=None,
        description="a cell that counts acquisitions by one; with it, results of an exposure that another client "
        "triggered are recognised and refused",
    )


class Config(DeviceConfig):
    """A Cognex In-Sight camera in native mode."""

    job: str = Field(min_length=1, max_length=255, pattern=_PLAIN, description="the job that must be active")
    user: str = Field(default="admin", max_length=64, pattern=_PLAIN)
    password: str = Field(default="", max_length=64, pattern=_PLAIN, repr=False)
    results: Results
    timeout: Time = Field(default=1.0, gt=0, description="for each answer but the inspection's")
    inspection: Time = Field(default=2.0, gt=0, description="from trigger to results, at most")
