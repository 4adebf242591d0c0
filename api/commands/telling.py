"""What a trace found, in lines for people."""

from typing import Any

from api.commands.output import counted, sum_text

SHOWN = 10
IDENTITY = {
    True: "held + sinks = claim for every claim",
    False: "held + sinks is NOT the claim: a mistake of ours",
    None: "poison is an upper bound, for stop requests only: it shares nothing out",
}

ORIGIN_WORDS = {
    "opening": "older than the records",
    "hub": "from a hub, no reference",
    "cash": "paid in in cash",
    "merchant": "from a merchant, no order",
    "overdraft": "a bank's money (overdraft)",
    "discount": "a recycler's gain, inferred",
    "out_of_view": "out of view",
    "dust": "pieces too small to follow",
    "other": "other money",
}


def trace_lines(summary: dict[str, Any]) -> list[str]:
    """What a trace found, for people."""
    totals, currency, reach = summary["totals"], summary["currency"], summary["reach"]
    kinds = "".join(f"; {kind} {sum_text(amount)}" for kind, amount in summary["sinks"].items())
    way = f"{counted(reach['transfers'], 'transfer')} over {counted(reach['hops'], 'hop')}"
    lines = [
        f"{counted(totals['claims'], 'claim')}, {sum_text(totals['amount'], currency)}, by {summary['parameters']['method']}",
        f"held  {sum_text(totals['held'])} in {counted(reach['resting'], 'account')}",
        f"sinks {sum_text(totals['sinks'])}{kinds}",
        f"reach {way}; {counted(reach['terminals'], 'terminal')} take {sum_text(reach['terminal_amount'])}",
        IDENTITY[totals["identity"]],
    ]
    lines += [
        f"limit {one['name']} {one['value']}: {counted(one['pieces'], 'piece')}, {sum_text(one['basis'])}"
        for one in summary["limits"]
    ]
    warnings = summary["warnings"]
    lines += [f"warning: {one}" for one in warnings[:SHOWN]]
    return lines + ([f"… {counted(len(warnings), 'warning')} in all: trace.json"] if len(warnings) > SHOWN else [])


def origin_lines(summary: dict[str, Any], origins: Any) -> list[str]:
    """Whose money the starts are, for people: per start the claims behind it with their share, then other money.

    Poison knows no shares: per start the claims whose money may be there, and the starts that no claim can have reached.
    """
    totals, method = summary["totals"], summary["parameters"]["method"]
    what = f"{counted(totals['claims'], 'start')}, {sum_text(totals['amount'], summary['currency'])}"
    lines = [f"{what}, backward by {method}"]
    starts = list(origins.groupby("start", sort=True))
    for start, part in starts[:SHOWN]:
        lines += (bound_lines if method == "poison" else start_lines)(str(start), part)
    lines += [f"… {len(starts)} starts in all: origins.csv"] if len(starts) > SHOWN else []
    if method == "poison":
        clear = totals["claims"] - len(starts)
        lines += [f"no report's money can have come to {counted(clear, 'start')}"] if clear else []
    identity = "held + sinks = start for every start" if totals["identity"] else IDENTITY[totals["identity"]]
    return [*lines, identity] + [
        f"limit {one['name']} {one['value']}: {counted(one['pieces'], 'piece')}, {sum_text(one['basis'])}"
        for one in summary["limits"]
    ]


def bound_lines(start: str, part: Any) -> list[str]:
    """One start by poison: the claims whose money may be there, each with the most that may be its."""
    from api.results import money

    most = [(str(name), int(fen)) for name, fen in part.groupby("claim", sort=True)["amount_fen"].sum().items()]
    lines = [f"  claim {name}  at most {sum_text(money(fen))}" for name, fen in most[:SHOWN]]
    more = [f"  … {len(most)} claims in all: origins.csv"] if len(most) > SHOWN else []
    return [f"{start}: money of {counted(len(most), 'claim')} may be there", *lines, *more]


def start_lines(start: str, part: Any) -> list[str]:
    """One start: what it is, then claims and other origins with their share."""
    from api.results import money

    whole = int(part["amount_fen"].sum())
    is_claim = (part["origin"] == "claim").to_numpy(dtype=bool)
    words = [
        (f"claim {name}", int(fen)) for name, fen in part[is_claim].groupby("claim", sort=True)["amount_fen"].sum().items()
    ]
    rest = part[~is_claim].groupby("origin", sort=True)["amount_fen"].sum()
    words += [(ORIGIN_WORDS[str(word)], int(fen)) for word, fen in rest.items()]
    shares = [(word, fen, fen * 1000 // whole) for word, fen in words[:SHOWN]]
    lines = [f"  {word}  {sum_text(money(fen))} ({share // 10}.{share % 10} %)" for word, fen, share in shares]
    more = [f"  … {len(words)} origins in all: origins.csv"] if len(words) > SHOWN else []
    return [f"{start}: {sum_text(money(whole))}", *lines, *more]
