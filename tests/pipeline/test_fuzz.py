"""A thousand damaged recordings: each ends as a whole clip or in one sentence (`python -m tests.fuzz` runs more)."""

import os

import pytest

from tests.fuzz import DAMAGES, SOURCES, run_cases

CASES = int(os.environ.get("VIDSHARP_FUZZ_CASES", "1000"))
FIRST = int(os.environ.get("VIDSHARP_FUZZ_SEED", "0"))


@pytest.mark.slow
@pytest.mark.timeout(3600)  # for as many as one asks for; a case that hangs is found by the run itself
def test_damaged_recordings_end_whole_or_in_one_sentence() -> None:
    outcome = run_cases(range(FIRST, FIRST + CASES))
    print(f"\nfuzz: {outcome} ({len(SOURCES)} recordings, {len(DAMAGES)} kinds of damage)")
    assert not outcome.findings, "\n".join([str(outcome), *outcome.findings])
    assert outcome.cases == CASES, str(outcome)
    assert outcome.ends["whole"] > CASES // 10, f"{outcome}: too few come through to prove much"
    assert outcome.ends["whole, pictures lost"] > CASES // 50, str(outcome)
