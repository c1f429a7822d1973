"""What a fix consists of: pieces of code, each with the place where it goes. Pure."""

from dataclasses import dataclass
from typing import Literal

from crossorigin.doctor.servers import Server

# "set" replaces or adds one argument or setting, "add" appends an element to a list, "end" follows the last line of a
# module, "first" precedes the routes. "run" is a command. "http" and "location" are blocks of nginx, "url" is the URL
# in the page.
Kind = Literal["set", "add", "end", "first", "replace", "run", "http", "location", "url"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One piece of code to paste.

    Attributes:
        kind: What to do with it.
        place: The same for people, as a sentence that ends with a colon.
        code: The code.
        name: The option or setting that it is about; for "set", what it replaces.
        within: The class, function or file with the option.
        define: For "add", what to write if there is no such list; None if it is then right to write nothing.
    """

    kind: Kind
    place: str
    code: str
    name: str = ""
    within: str = ""
    define: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """How to fix a refusal: in words, and as code where it is certain that the code works and breaks nothing.

    `headers` are the lines that a server must send, for servers whose configuration is unknown. `on` is the route or
    router whose own policy decided, or None.
    """

    server: Server
    text: str
    edits: tuple[Edit, ...] = ()
    headers: tuple[str, ...] = ()
    on: str | None = None

    @property
    def code(self) -> str | None:
        """All code, or None if there is none."""
        return "\n".join(edit.code for edit in self.edits) or None
