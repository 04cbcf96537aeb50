"""The base of every section, and the names that sections share."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

MAIL_ADDRESS = r"^[^@\s<>\"',;:()]+@[^@\s<>\"',;:()]+$"
GITHUB_NAME = r"^[\w.-]+/[\w.-]+$"
WEB_ADDRESS = r"^https?://"
NAME = r"^[a-z][a-z0-9-]{0,39}$"
VARIABLE_NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
TAG_PATTERN = r"^[A-Za-z0-9_{][A-Za-z0-9_.{}:-]{0,127}$"
ABSOLUTE_PATH = r"^/[^\s]+$"
WEB_PATH = r"^/[\w/-]*$"

MailAddress = Annotated[str, StringConstraints(pattern=MAIL_ADDRESS)]
Name = Annotated[str, StringConstraints(pattern=NAME)]
VariableName = Annotated[str, StringConstraints(pattern=VARIABLE_NAME)]
TagPattern = Annotated[str, StringConstraints(pattern=TAG_PATTERN)]


class Settings(BaseModel):
    """The base of every section: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, use_attribute_docstrings=True)
