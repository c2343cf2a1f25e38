"""What is wrong with the settings, by name and with the way out."""

from collections.abc import Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError


class Problem(PydanticCustomError):
    """A setting that does not go with another: its name, and what to do in words."""

    def __new__(cls, name: str, what: str) -> "Problem":
        """`name` is the field; it stands in front of the message."""
        return super().__new__(cls, "disagreement", "{name}|{what}", {"name": name, "what": what})

    def __init__(self, name: str, what: str) -> None:
        super().__init__("disagreement", "{name}|{what}", {"name": name, "what": what})


class SettingsError(Exception):
    """Settings that cannot be used: one line a problem. `exit_code` is the command's: 2 usage, 3 environment."""

    def __init__(self, lines: Sequence[str], exit_code: int = 2) -> None:
        super().__init__("\n".join(lines))
        self.lines, self.exit_code = tuple(lines), exit_code


def problems_of(refused: ValidationError, prefix: str) -> list[str]:
    """One line a problem, naming the variable; a secret's value is never shown."""
    return [_line(problem, prefix) for problem in refused.errors(include_url=False)]


def _line(problem: ErrorDetails, prefix: str) -> str:
    if problem["type"] == "disagreement":
        name, what = problem["ctx"]["name"], problem["ctx"]["what"]
        return f"{prefix}{name.upper()}: {what}"
    name = str(problem["loc"][0]) if problem["loc"] else "settings"
    if problem["type"] == "extra_forbidden":
        return f"{name}: there is no such setting; take it out of the file, or look for it in `vigilward worker --help`"
    private = any(word in name for word in ("key", "password", "secret", "token"))
    given = "" if private else f"{problem['input']!r} cannot be used: "
    return f"{prefix}{name.upper()}: {given}{problem['msg']}"
