"""Errors as values: what was wrong with the material, told by file and line."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong with one place of the material.

    `error`: the line or file was not taken. `warning`: it was taken, something about it is doubtful. `info`: a fact to know.
    `line` is the 1-based line in the file (the header is a line), 0 when the problem is about the whole file.
    """

    file: str
    line: int
    code: str
    message: str
    severity: Severity = "error"


@dataclass(frozen=True)
class ProblemKind:
    """A documented sort of problem; docs/problems.md has one row for each."""

    code: str
    severity: Severity
    meaning: str


class LiushuiError(Exception):
    """The job cannot be done; the message names file, line and cause for the user. Exit status 1."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def worst(problems: Iterable[Problem]) -> Severity | None:
    """The gravest severity among the problems; None when there is none."""
    order: tuple[Severity, ...] = ("error", "warning", "info")
    found = {problem.severity for problem in problems}
    return next((severity for severity in order if severity in found), None)
