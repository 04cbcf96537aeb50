"""Taking a secret out of a file does not publish it."""

from agents.words.discreet import LEFT_OUT, without_secrets
from guardrails.secrets.reading import LARGEST_FILE_BYTES

SECRET = "Harbor!" + "2345Zinc"
HEADER = "diff --git a/compose.yml b/compose.yml\n--- a/compose.yml\n+++ b/compose.yml\n"


def test_a_removed_line_with_a_secret_is_left_out_and_all_others_stay() -> None:
    kept = f"{HEADER}@@ -1,3 +1,3 @@\n services:\n   redis:\n"
    came = "+    command: redis-server --requirepass ${REDIS_PASSWORD}\n"
    diff = f"{kept}-    command: redis-server --requirepass {SECRET}\n{came}"
    assert without_secrets(diff) == f"{kept}-{LEFT_OUT}\n{came}"


def test_an_added_secret_is_left_out_wherever_it_is_repeated() -> None:
    other = f"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@ old {SECRET}\n-x\n+y\n"
    diff = f"{HEADER}@@ -1 +1,2 @@ heading {SECRET}\n # was {SECRET}\n+DB_PASSWORD: {SECRET}\n{other}"
    assert SECRET not in without_secrets(diff)
    assert without_secrets(diff).count(LEFT_OUT) == 2


def test_a_diff_without_a_secret_stays_as_it_is() -> None:
    diff = f"{HEADER}@@ -1 +1 @@\n-PORT: 80\n+PORT: 81\n"
    assert without_secrets(diff) == diff


def test_a_file_too_large_to_be_searched_is_named_and_not_shown() -> None:
    diff = f"{HEADER}@@ -1 +1 @@\n-DB_PASSWORD: {SECRET}\n" + "+x\n" * LARGEST_FILE_BYTES
    assert without_secrets(diff) == f"{HEADER}@@ too large to be searched for secrets @@\n"
