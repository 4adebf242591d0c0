"""Problems of one run as they are found: listed up to a cap per file and code, counted without one."""

from collections import Counter
from dataclasses import dataclass, field

from ledger.catalogue import SEVERITIES
from ledger.problems import Problem

LISTED = 1000
"""Problems listed per (file, code); beyond it one summary with the exact count."""


@dataclass
class Complaints:
    """Collects problems; `counts` is exact, `problems()` is capped and sorted."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    listed: list[Problem] = field(default_factory=list)

    def add(self, file: str, line: int, code: str, message: str) -> None:
        """Note one problem; its severity is that of its code."""
        self.counts[file, code] += 1
        if self.counts[file, code] <= LISTED:
            self.listed.append(Problem(file, line, code, message, SEVERITIES[code]))

    def full(self, file: str, code: str) -> bool:
        """True when the next problem of this code would only be counted, so that its message need not be made."""
        return self.counts[file, code] >= LISTED

    def count(self, file: str, code: str, more: int = 1) -> None:
        """Count problems without listing them."""
        self.counts[file, code] += more

    def extend(self, other: "Complaints") -> None:
        """Take over everything another collector found."""
        for problem in other.listed:
            self.add(problem.file, problem.line, problem.code, problem.message)
        shown = Counter((problem.file, problem.code) for problem in other.listed)
        for key, number in (other.counts - shown).items():
            self.counts[key] += number

    def problems(self) -> tuple[Problem, ...]:
        """Sorted by file, line, code; a summary with the exact count where not all are listed."""
        summaries = [
            Problem(
                file, 0, "LDG-more-of-these", f"{number:,} problems {code} in this file, the first {LISTED:,} listed", "info"
            )
            for (file, code), number in self.counts.items()
            if number > LISTED
        ]
        return tuple(sorted([*self.listed, *summaries]))
