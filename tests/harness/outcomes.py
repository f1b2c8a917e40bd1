"""Outcomes of cases, made up for the tests of tables, plots and files."""

from qwen_lsp.evaluation.outcomes import Outcome


def outcome(
    case: str, variant: str, score: float, *, group: str = "some", kind: str = "", text: str = "x"
) -> Outcome:
    """Return the outcome of a case that took 120 ms."""
    return Outcome(
        case=case,
        group=group,
        kind=kind,
        task=case,
        variant=variant,
        scores={"pass@1": score, "exact": 0.0},
        before="    return ",
        truth="x < 1 and y > 2",
        completion=text,
        ms=120.0,
        first_token_ms=40.0,
        prompt_tokens=100,
        read_tokens=60,
        written_tokens=4,
    )
