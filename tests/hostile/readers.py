"""Every reader of foreign input in the project, by name."""

from collections.abc import Mapping

from tests.hostile.answers import ANSWERS
from tests.hostile.files import FILES
from tests.hostile.people import PEOPLE
from tests.hostile.reader import Reader

READERS: Mapping[str, Reader] = {**PEOPLE, **ANSWERS, **FILES}
