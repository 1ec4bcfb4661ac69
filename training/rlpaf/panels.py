"""The figures of a run over its batches, as plots: learning, judging, queues, time, and the curriculum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

from lean_env.values import Verdict
from prover.evaluation.charts import Form, Line, Points, areas, columns, lines, number, percent
from prover.evaluation.markdown import duration
from prover.evaluation.markup import card, legend, text
from prover.evaluation.plots import stack
from prover.evaluation.statistics import wilson
from training.rlpaf.curriculum import BINS
from training.rlpaf.record import RunRecord

UNIT = "batches"
NOTHING = "<p>The run has recorded no figures of this yet.</p>"


def learning(record: RunRecord) -> str:
    """What the learner says of its batches."""
    return _section(
        "Learning",
        "Of the batches that were learnt from. Zero variance: groups in which all proofs came out the same, "
        "and that teach nothing. k3 estimates of the KL divergence, in nats a token.",
        "",
        _of(record, "Reward", {"mean": "reward"}, percent),
        _of(record, "KL divergence", {"to the sampler": "kl_sampler", "to the reference": "kl_reference"}),
        _of(record, "Entropy, nats a token", {"entropy": "entropy"}),
        _of(record, "Effective sample size, share of the tokens", {"share": "ess"}, percent),
        _of(record, "Clipped tokens", {"below": "clipped_low", "above": "clipped_high"}, percent),
        _of(
            record,
            "Groups without variance",
            {"sampled": "uninformative_share", "learnt from": "zero_variance"},
            percent,
        ),
        _of(record, "Norm of the gradient", {"before clipping": "gradient_norm"}),
        _of(record, "Imitation, nats a token", {"loss": "imitation_loss"}),
    )


def judging(record: RunRecord) -> str:
    """Verdicts, faults, cheats, and how far the two tiers of the verifier agree."""
    names = {verdict: f"{verdict.lower()}_share" for verdict in Verdict}
    shares = {verdict.value: record.figure(name) for verdict, name in names.items()}
    mix = areas(shares, "Verdicts over batches", UNIT)
    counts = verdicts(record)
    total = max(1, sum(counts.values()))
    told = [
        (f"v-{name}", f"{text(name.lower().replace('_', ' '))} {count:,} ({count / total:.1%})")
        for name, count in counts.items()
    ]
    before = ""
    if counts:
        before = f"{stack(counts, 'Verdicts of the run')}{legend(told)}<p>{text(tiers(record))}</p>"
    faults = {"faults": names[Verdict.FAULT], "cheats": names[Verdict.CHEAT]}
    plots = [
        f"<div><h3>Verdicts</h3>{mix}</div>" if mix else "",
        _of(record, "Faults and cheats, share of all", faults, percent),
        _of(record, "Audited proofs", {"audited": "audited", "refused": "refused"}),
    ]
    return _section(
        "Judging", "Of all proofs that were tried, also of groups that were not learnt from.", before, *plots
    )


def verdicts(record: RunRecord) -> dict[str, int]:
    """How many proofs that were tried came to each verdict."""
    counts: Counter[str] = Counter()
    for figures in record.steps.values():
        tried = figures.get("rollouts_per_second", 0.0) * figures.get("batch_seconds", 0.0)
        for verdict in Verdict:
            counts[verdict.value] += round(figures.get(f"{verdict.lower()}_share", 0.0) * tried)
    return {verdict: count for verdict, count in counts.items() if count}


def tiers(record: RunRecord) -> str:
    """How far the strict audit agrees with the fast tier, in words."""
    audited = round(sum(value for _, value in record.figure("audited")))
    refused = round(sum(value for _, value in record.figure("refused")))
    if not audited:
        return "The strict audit has not judged any of the proofs yet that the fast tier accepted."
    low, high = wilson(refused, audited)
    said = (
        f"Of the proofs that the fast tier accepted, the strict audit judged {audited:,} again and refused "
        f"{refused:,}: {percent(refused / audited)}, with 95 % confidence {percent(low)} to {percent(high)}."
    )
    limit = record.told.get("lean.max_disagreement")
    return said + (
        f" More than {percent(limit)} of enough audits would end the run." if isinstance(limit, float) else ""
    )


def queues(record: RunRecord) -> str:
    """What waits, and what was in vain."""
    depths = {"under way": "groups_under_way", "ready": "groups_ready"}
    lost = {"too old": "stale_groups", "theorems Lean rejects": "unusable_theorems"}
    return _section(
        "Queues",
        "Groups are under way from sampling to the last verdict, and ready until the learner takes them; "
        "those that are too old by then are thrown away.",
        "",
        _of(record, "Groups", depths),
        _of(record, "Thrown away, a batch", lost | {"rollouts too long": "too_long"}),
    )


def timing(record: RunRecord) -> str:
    """Where the time goes."""
    seconds = record.figure("seconds")
    share = dict(record.figure("wait_share"))
    sums = [(0, 0.0), *((step, share[step] * value) for step, value in seconds if step in share)]
    waited = [(step, max(0.0, value - before)) for (_, before), (step, value) in pairwise(sums)]
    idle = rises(record.figure("sampler_idle_seconds"))
    sent, lean = record.figure("transfer_seconds"), record.figure("lean_seconds")
    spent = {"batch": record.figure("batch_seconds"), "learner waits": waited, "sampler idle": idle}
    spent["weights on their way"] = sent
    rates = ("rollouts", "checks", "proofs")
    totals = ""
    if seconds:
        parts = [f"{duration(seconds[-1][1])} of training"]
        if waited:
            last, total = sums[-1]
            parts.append(f"the learner waited for {duration(total)} of it ({share[last]:.1%})")
        said = (
            ("the sampler was idle for", idle),
            ("handing over weights took", sent),
            ("Lean worked for", lean),
        )
        parts += [f"{what} {_sum(values)}" for what, values in said if values]
        totals = f"<p>{text('; '.join(parts))}, added up over its processes.</p>"
    return _section(
        "Time",
        "Several things happen at once, so parts need not add up. The sampler’s idle time and Lean’s work "
        "include what falls between batches: checkpoints and held-out evaluations. Known are verdicts that "
        "were looked up instead of checked again.",
        totals,
        _panel("Seconds", [Line(name, points) for name, points in spent.items()]),
        _panel("Lean, seconds of all processes", [Line("a batch", lean)]),
        _of(record, "In a second", {name: f"{name}_per_second" for name in rates}),
        _of(record, "Known verdicts", {"share": "known_share"}, percent),
    )


def curriculum(record: RunRecord) -> str:
    """Which theorems were tried, and how hard they are for the policy."""
    names = ("active", "solved", "unsolved", "under_way")
    counts = {name.replace("_", " "): f"curriculum_theorems_{name}" for name in names}
    rates = {"mean": "curriculum_success_mean", "moderate theorems": "curriculum_success_moderate"}
    bins = [record.figure(f"curriculum_success_bin_{place}") for place in range(BINS)]
    tenths, colours = "", ""
    if all(bins):
        ends = {f"batch {bins[0][end][0]:,}": [values[end][1] for values in bins] for end in (0, -1)}
        labels = [f"{10 * place}" for place in range(BINS)]
        about = "success rate from, %"
        tenths = columns(ends, labels, "Theorems tried, by success rate", about)
        colours = legend((f"s{index}", text(name)) for index, name in enumerate(ends))
    fresh = record.figure("curriculum_theorems_fresh")
    said = f"<p>{fresh[-1][1]:,.0f} theorems were not tried yet.</p>" if fresh else ""
    found: Counter[int] = Counter(proof.step for proof in record.proofs)
    total, proved = 0, []
    for step in sorted(found):
        total += found[step]
        proved.append((step, total))
    return _section(
        "Curriculum",
        "Solved and unsolved theorems are retired: always proved, or never. Success rates are the "
        "curriculum’s own estimates, of the theorems that were tried.",
        said,
        _of(record, "Theorems", counts),
        _of(record, "Success rate", rates, percent),
        f"<div><h3>By tenths of the success rate</h3>{tenths}{colours}</div>" if tenths else "",
        _panel("Theorems proved", [Line("so far", proved)]),
        _of(record, "First proofs, a batch", {"theorems": "first_proofs"}),
    )


def rises(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """How much a sum grew in each batch. It begins at 0, and again where it falls: a run was resumed."""
    found, before = [], 0.0
    for step, value in points:
        found.append((step, value - before if value >= before else value))
        before = value
    return found


def _sum(points: Sequence[tuple[int, float]]) -> str:
    return duration(sum(value for _, value in points))


def _of(record: RunRecord, title: str, names: Mapping[str, str], form: Form = number) -> str:
    """A plot of recorded figures, which are named as they are to be called."""
    return _panel(title, [Line(label, record.figure(name)) for label, name in names.items()], form)


def _panel(title: str, series: Sequence[Line], form: Form = number) -> str:
    """A plot with its legend, which has each line's first and last value. Where all is 0 the legend is
    enough; without any point there is nothing."""
    shown = [one for one in series if one.points]
    if not shown:
        return ""
    zero = not any(value for one in shown for _, value in one.points)
    plot = '<p class="quiet">0 in every batch</p>' if zero else lines(shown, title, UNIT, form)
    told = legend((f"s{i}", text(f"{one.name}: {_ends(one.points, form)}")) for i, one in enumerate(shown))
    return f"<div><h3>{text(title)}</h3>{plot}{told}</div>"


def _ends(points: Points, form: Form) -> str:
    first, last = form(points[0][1]), form(points[-1][1])
    return last if len(points) == 1 else f"{first} → {last}"


def _section(title: str, about: str, before: str, *panels: str) -> str:
    """A card: what is to be said first, then plots; it says so if there is neither."""
    plots = "".join(filter(None, panels))
    if not (before or plots):
        return card(title, NOTHING)
    return card(
        title, f'<p class="quiet">{text(about)}</p>', before, f'<div class="plots small">{plots}</div>'
    )
