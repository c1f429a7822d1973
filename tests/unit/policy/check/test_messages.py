"""`messages.txt` contains a message of every code, as its reader sees it.

After a change of words, write the file again and read what changed:

    python -m tests.unit.policy.check.test_messages
"""

import pprint
from pathlib import Path

import pytest

from crossorigin import IssueCode
from tests.unit.policy.check.faulty_policies import FAULTY, Faulty, complaint_of

SNAPSHOT = Path(__file__).with_name("messages.txt")


def tell(faulty: Faulty) -> str:
    """Return the text about the options of one policy."""
    options = pprint.pformat(faulty.options, width=110, sort_dicts=False)
    return f"## {faulty.name}\n\n{options}\n\n{complaint_of(faulty.options)}\n"


def tell_all() -> str:
    """Return the text of the whole file."""
    # Characters outside ASCII are escaped, so that a reader can see invisible ones.
    return "\n\n".join(map(tell, FAULTY)).encode("ascii", "backslashreplace").decode()


def test_every_message_is_the_one_on_file() -> None:
    """Each change of a message is visible in the file. Its first lines say how to update it."""
    assert tell_all() == SNAPSHOT.read_text("utf-8")


def test_every_code_is_on_file() -> None:
    """The file has a message for each code."""
    text = SNAPSHOT.read_text("utf-8")
    assert [code for code in IssueCode if f"\n  [{code}]" not in text] == []


def test_each_policy_stands_there_once() -> None:
    """The names of the entries are unique."""
    names = [faulty.name for faulty in FAULTY]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("faulty", FAULTY, ids=lambda faulty: faulty.name)
def test_a_message_is_made_of_whole_sentences(faulty: Faulty) -> None:
    """A reason is a sentence, a fix follows, and no line ends with white space."""
    complaint = complaint_of(faulty.options)
    assert complaint is not None
    for issue in complaint.issues:
        assert issue.reason.endswith(".")
        assert issue.reason == issue.reason.strip()
        assert issue.hint.strip() == issue.hint != ""
    assert all(line == line.rstrip() for line in str(complaint).splitlines())


if __name__ == "__main__":
    SNAPSHOT.write_text(tell_all(), "utf-8")
