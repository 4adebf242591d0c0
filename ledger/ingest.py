"""Read record files into a ledger: every file read or a problem, every line a row or a problem, published in one step."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import sqlalchemy as sa

from ledger.batch.assemble import assemble
from ledger.batch.declared import STORED
from ledger.batch.loose import Loose, collecting
from ledger.batch.rejects import Rejects
from ledger.complaints import Complaints
from ledger.containers import Limits, Scratch, scratch_in
from ledger.files import find_files
from ledger.intake import Intake, read_files
from ledger.problems import Problem
from ledger.reading import Progress, Reading, silent
from ledger.reconcile.run import reconciled
from ledger.statements.profile import Profile, load_profiles
from ledger.store.locking import writing
from ledger.store.manifest import Source, State, create, state_of
from ledger.store.published import Published
from ledger.store.publishing import publish_tables
from ledger.store.quarantine import write_problems, write_quarantine
from ledger.store.segments import Stream, collect_orphans
from ledger.store.stored import read_small

PROBLEM_ROWS = pa.schema(
    [("file", pa.string()), ("line", pa.int64()), ("code", pa.string()), ("message", pa.string()), ("severity", pa.string())]
)


@dataclass(frozen=True)
class SourceResult:
    """What became of one file: lines + derived = published + already_there + rejected + blank.

    derived: rows a profile made beside the file's own lines, such as fees split off.
    """

    name: str
    format: str
    kind: str
    sha256: str
    lines: int
    published: int
    already_there: int
    rejected: int
    blank: int
    derived: int = 0


@dataclass(frozen=True)
class IngestResult:
    """What one ingest did. batch: number of the published batch, None when nothing was new.

    known: files that were in the ledger already. digest: of the ledger afterwards. problems: of this run, sorted.
    """

    batch: int | None
    digest: str
    sources: tuple[SourceResult, ...]
    known: tuple[str, ...]
    accounts: int
    transfers: int
    reports: int
    problems: tuple[Problem, ...]

    @property
    def landed(self) -> bool:
        """True when anything was published or was already there: the exit status of the command."""
        return self.batch is not None or bool(self.known)


@dataclass
class _Run:
    folder: Path
    state: State
    profiles: Sequence[Profile]
    progress: Progress
    loose: Loose
    complaints: Complaints = field(default_factory=Complaints)
    known: list[str] = field(default_factory=list)


def ingest(  # noqa: PLR0913 - the options of the command
    folder: Path,
    paths: Sequence[Path],
    *,
    profiles: Sequence[Path] = (),
    progress: Progress | None = None,
    manifest: str | None = None,
    limits: Limits | None = None,
    supersede: bool = False,
) -> IngestResult:
    """Read files and folders into the ledger at `folder`, which is made where it does not exist.

    Args:
        profiles: column-mapping profiles (TOML) beside the shipped ones. progress: told (stage, done, total).
        limits: how far archives and workbooks are followed, how much waits in memory; what is published does not depend on
            the latter.
        manifest: url of the PostgreSQL database that keeps the manifest of a new ledger; None: the folder keeps it.
        supersede: a row whose id is published with other content takes its place; without, it is a problem.
    Raises LiushuiError when the ledger cannot be written, another process writes it, or a profile is unusable.
    """
    folder = Path(folder)
    with writing(folder):
        engine = create(folder, manifest)
        try:
            state = state_of(engine)
            collect_orphans(folder, state.segments)
            known = load_profiles(profiles)
            with scratch_in(folder, limits or Limits()) as scratch, collecting(scratch) as loose:
                run = _Run(folder, state, known, progress or silent, loose)
                readings = _read_all(run, [Path(path) for path in paths], scratch)
                return _publish(run, readings, engine, supersede)
        finally:
            engine.dispose()
            pa.default_memory_pool().release_unused()  # what follows, such as the lot index, needs room of its own


def _read_all(run: _Run, paths: Sequence[Path], scratch: Scratch) -> list[Reading]:
    """Every new file, read; sorted by name so that the order of `paths` changes nothing."""
    intake = Intake(run.profiles, run.progress, scratch, run.complaints, run.known, sink=run.loose.take)
    return read_files(find_files(paths, run.complaints), run.state.sources, intake)


def _publish(run: _Run, readings: Sequence[Reading], engine: sa.Engine, supersede: bool) -> IngestResult:
    good = sorted((reading for reading in readings if reading.landed), key=lambda reading: (reading.name, reading.digest))
    lost = [reading for reading in readings if not reading.landed]
    first = len(run.state.sources)
    names = [source.name for source in run.state.sources] + [reading.name for reading in good]
    rejects = Rejects(names, dict(enumerate(good, start=first)), supersede=supersede)
    run.progress("putting into ledger order", 0, 1)
    tables = _tables(run, good, first, rejects) if good else {}
    for number, reading in [*enumerate(good, start=first), *((-1, reading) for reading in lost)]:
        write_quarantine(run.folder, reading, rejects.lines.get(number, ()))
    results = tuple(_result(reading, rejects, number) for number, reading in enumerate(good, start=first))
    inside, outside = Complaints(), run.complaints
    for reading in readings:
        (inside if reading.landed else outside).extend(reading.complaints)
    state = run.state
    if good:
        run.progress("publishing", 0, 1)
        sources = _sources(good, results, state)
        state = publish_tables(run.folder, engine, state, tables | _problem_table(inside.problems()), sources)
    _tell(run, state, outside)
    rows = {kind: table.num_rows for kind, table in tables.items()}
    return IngestResult(
        batch=state.batch if good else None,
        digest=state.digest,
        sources=results + tuple(_result(reading, rejects, -1) for reading in lost),
        known=tuple(run.known),
        accounts=rows.get("accounts", 0),
        transfers=rows.get("transfers", 0),
        reports=rows.get("reports", 0),
        problems=tuple(sorted([*inside.problems(), *outside.problems()])),
    )


def _tell(run: _Run, state: State, outside: Complaints) -> None:
    """Write problems.csv; the batch is published by now, so a disk without room for the list costs the list alone."""
    try:
        write_problems(run.folder, sorted([*_stored_problems(run.folder, state), *outside.problems()]))
    except OSError as error:
        cause = f"the list cannot be written: {error.strerror}; what could be read is published"
        outside.add("problems.csv", 0, "LDG-not-writable", cause)


def _tables(run: _Run, good: Sequence[Reading], first: int, rejects: Rejects) -> dict[str, pa.Table | Stream]:
    """The tables of the batch, and what reconciliation decides about them."""
    before = Published(run.folder, run.state)
    made = assemble(run.loose, good, first, before, rejects)
    run.progress("reconciling", 0, 1)
    accounts = made.segments.get("accounts", STORED.empty_table())
    decided = reconciled(made.candidates, good, accounts, before)
    return made.segments | ({"reconciliation": decided} if decided.num_rows else {})


def _result(reading: Reading, rejects: Rejects, number: int) -> SourceResult:
    refused, repeated = len(rejects.lines.get(number, ())), rejects.repeated.get(number, 0)
    result = SourceResult(
        name=reading.name,
        format=reading.format,
        kind=reading.kind.name if reading.kind else "",
        sha256=reading.digest,
        lines=reading.data_lines,
        published=reading.rows - refused - repeated,
        already_there=repeated,
        rejected=reading.refused + refused,
        blank=reading.blank,
        derived=reading.derived,
    )
    accounted = result.published + result.already_there + result.rejected + result.blank
    assert accounted == result.lines + result.derived, f"{reading.name}: lines were lost"
    return result


def _sources(good: Sequence[Reading], results: Sequence[SourceResult], state: State) -> list[Source]:
    return [
        Source(
            number=len(state.sources) + position,
            sha256=reading.digest,
            name=reading.name,
            format=reading.format,
            bytes=reading.size,
            rows=result.published,
            problems=result.rejected,
            batch=state.batch + 1,
        )
        for position, (reading, result) in enumerate(zip(good, results, strict=True))
    ]


def _problem_table(problems: Sequence[Problem]) -> dict[str, pa.Table]:
    rows = [vars(problem) for problem in problems]
    return {"problems": pa.Table.from_pylist(rows, schema=PROBLEM_ROWS)} if rows else {}


def _stored_problems(folder: Path, state: State) -> list[Problem]:
    return [Problem(**row) for row in read_small(folder, state, "problems", PROBLEM_ROWS).to_pylist()]
