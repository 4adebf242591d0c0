"""Every sort of problem the ledger reports; docs/problems.md explains each, a test compares the two."""

from ledger.problems import ProblemKind, Severity


def _kinds(severity: Severity, **meanings: str) -> list[ProblemKind]:
    return [ProblemKind("LDG-" + name.replace("_", "-"), severity, meaning) for name, meaning in meanings.items()]


PROBLEM_KINDS: tuple[ProblemKind, ...] = (
    *_kinds(
        "error",
        not_writable="the ledger folder cannot be written",
        locked="another process is writing this ledger",
        no_ledger="the folder is not a ledger",
        no_batch="nothing has been published in the ledger yet",
        unknown_batch="the ledger has no batch of this number",
        decision="a name is neither a decision nor a kind of decisions, or the decision cannot be switched",
        manifest="the manifest cannot be opened or read",
        segment="a segment is missing or damaged",
        missing_path="the path does not exist or cannot be read",
        no_records="the folder holds no record file",
        empty_file="the file has no bytes",
        not_text="the bytes are neither text, gzip nor Parquet",
        damaged_file="the compressed or columnar file is cut or corrupt",
        unknown_header="no record kind and no profile fits the header",
        ambiguous_header="two record kinds or two profiles fit the header",
        repeated_column="a known column stands twice in the header",
        column_type="a Parquet column has a type that cannot hold the field exactly",
        bad_profile="a profile cannot be read or contradicts itself",
        undecodable="the line is not valid in the file's encoding, or holds NUL bytes",
        line_too_long="the line is longer than a block",
        unclosed_quote="a quote opens and never closes",
        wrong_columns="the line has another number of fields than the header",
        bad_json="the line is not one JSON object",
        missing_value="a required field is empty",
        bad_time="the time is not an ISO 8601 date and time",
        no_offset="the time has no offset from UTC",
        bad_amount="the amount is not a decimal number",
        amount_decimals="the amount has more than two decimals",
        amount_not_positive="the amount is zero or negative",
        amount_too_big="the amount is above 9.2e16 minor units",
        unknown_word="the word is not one of those the field allows",
        bad_currency="the currency is not three capital letters",
        no_value="a voucher event names neither its face nor an amount",
        duplicate_other_content="an id that is already taken comes again with other content",
        account_conflict="two rows declare one account differently",
        profile_rule="a profile's rule cannot decide what the row is",
    ),
    *_kinds(
        "warning",
        optional_ignored="an optional field could not be read and was left empty",
        self_transfer="source and target are the same account",
        unknown_transfer="a report names a transfer that is not in the ledger",
        card_redeemed_twice="a gift card is redeemed more than once",
        redeemed_before_purchase="a gift card is redeemed before it is bought",
        face_assumed="a voucher event has no face of its own or of its purchase; the amount is taken",
        voucher_account_missing="a voucher event names no account; an unknown account stands in",
        balance_chain="the running balance does not follow from the one before",
        id_repeated="an id of a mapped file repeats with other content; the rows are numbered",
    ),
    *_kinds(
        "info",
        truth_skipped="a folder named truth was skipped: it holds answers, not records",
        already_there="the file is already in the ledger",
        no_rows="the file has a header and no rows",
        same_content="ids that are already there with the same content",
        unknown_columns="columns without a meaning here; kept as extra attributes",
        profile_used="the file was read through a profile",
        junk_lines="preamble, footer or ruled lines of a statement",
        id_numbered="ids of a mapped file that repeat by nature were numbered",
        more_of_these="further problems of the same code in the same file; the quarantine has the lines",
    ),
)

SEVERITIES: dict[str, Severity] = {kind.code: kind.severity for kind in PROBLEM_KINDS}
