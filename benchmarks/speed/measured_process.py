"""What a command takes as a whole: wall time, processor time and memory of its process and all that it starts.

Ray's workers are no children of the command that asks for them, and some of their parents never wait for them, so
`getrusage` alone misses them. Here the caller becomes the reaper of all its descendants, and looks at each of them in
/proc ten times a second. Linux only.
"""

import ctypes
import os
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
"""prctl(2): orphans among the descendants become children of this process, so that none of them gets lost."""

LOOK_S = 0.1
"""A process that ends is missing at most this much of its time."""

MEMORY_EACH = 5
"""Looks between two looks at memory, which take longer."""

LINGER_S = 15.0
"""How long processes that outlive their command are waited for."""

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class CommandError(RuntimeError):
    """A measured command failed; the message holds what it said last."""


@dataclass(frozen=True)
class Cost:
    """What a command took."""

    wall_s: float
    """Until the command itself had ended."""
    cpu_s: float
    """User and system, of all processes."""
    peak_mib: float
    """Proportional set size of all processes together: pages that several share count once."""
    others: float
    """Share of the machine's processor time that went to anyone else meanwhile, 0 to 1: wall time suffers from it."""
    output: str
    """Its standard output."""


@dataclass
class _Family:
    """The descendants of this process, by process number."""

    cpu_s: dict[int, float] = field(default_factory=dict)
    """Of each, as last seen; those that have ended stay."""
    living: set[int] = field(default_factory=set)
    strangers: set[int] = field(default_factory=set)
    peak_mib: float = 0.0

    def look(self) -> None:
        """Finds new descendants and reads the processor time of all."""
        now = {int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
        self.living &= now
        self.strangers &= now
        ours = {os.getpid(), *self.living}
        # A parent's number is nearly always below its child's: one pass finds grandchildren, the next look the rest.
        for pid in sorted(now - self.strangers - ours):
            parent, seconds = _parent_and_cpu(pid)
            if parent in ours and seconds is not None:
                ours.add(pid)
                self.living.add(pid)
                self.cpu_s[pid] = seconds
            elif parent is not None:
                self.strangers.add(pid)
        for pid in list(self.living):
            _, seconds = _parent_and_cpu(pid)
            if seconds is not None:
                self.cpu_s[pid] = max(seconds, self.cpu_s.get(pid, 0.0))

    def weigh(self) -> None:
        """Keeps the highest sum of memory."""
        self.peak_mib = max(self.peak_mib, sum(_pss_mib(pid) for pid in self.living))


def measure(command: Sequence[str | Path], *, cores: set[int] | None = None, cwd: Path | None = None) -> Cost:
    """Runs a command to its end. The caller must have no other children meanwhile.

    Args:
        cores: that it may use; None: all that the caller may use.

    Raises:
        CommandError: it ended with an error.
    """
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    family = _Family()
    family.look()
    family.strangers |= family.living  # whoever lives already is not the command's
    family.living.clear()
    family.cpu_s.clear()
    reaped_before, my_cpu_before, mine = _children_s(), time.process_time(), os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores or mine)  # the child inherits it
    began, machine_before = time.perf_counter(), _machine_s()
    try:
        child = subprocess.Popen(
            [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd
        )
    finally:
        os.sched_setaffinity(0, mine)
    output = _Output(child)
    looks = 0
    while not output.ended:
        family.look()
        looks += 1
        if looks % MEMORY_EACH == 1:
            family.weigh()
        output.wait(LOOK_S)
    wall_s = time.perf_counter() - began
    machine = [now - then for now, then in zip(_machine_s(), machine_before, strict=True)]
    by_then_s = max(sum(family.cpu_s.values()), _children_s() - reaped_before) + time.process_time() - my_cpu_before
    _wait_for_the_rest(family)
    if child.returncode:
        said = "\n".join((output.text[1] or output.text[0]).splitlines()[-15:])
        raise CommandError(f"{' '.join(map(str, command))} ended with {child.returncode}:\n{said}")
    # Waited-for processes are counted exactly, seen ones to a tick; neither knows all: the larger is nearer.
    cpu_s = max(sum(family.cpu_s.values()), _children_s() - reaped_before)
    others = max(0.0, machine[0] - by_then_s) / max(1e-9, machine[1])
    return Cost(wall_s, cpu_s, family.peak_mib, others, output.text[0])


@dataclass(frozen=True)
class Moment:
    """How far a command had come."""

    wall_s: float
    cpu_s: float
    """User and system, of all its processes that were living then."""


def measure_until(command: Sequence[str | Path], said: str) -> Moment:
    """Runs a command until a line on its standard error holds `said`, and ends it there with SIGTERM.

    Raises:
        CommandError: it ended before that.
    """
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    began, lines = time.perf_counter(), []
    with subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stderr is not None
        for line in child.stderr:
            lines.append(line)
            if said in line:
                wall_s, family = time.perf_counter() - began, _Family()
                family.look()
                child.terminate()
                child.stderr.read()
                break
        else:
            raise CommandError(f"{' '.join(map(str, command))} never said {said!r}:\n{''.join(lines[-15:])}")
    _wait_for_the_rest(family)
    return Moment(wall_s, sum(family.cpu_s.values()))


class _Output:
    """Drains a process's pipes while one waits for it."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self._child = child
        self.ended = False
        self.text = ("", "")

    def wait(self, seconds: float) -> None:
        # A worker that outlives the command may hold its pipes open: the command's own end is what counts.
        try:
            self.text = self._child.communicate(timeout=seconds)
            self.ended = True
        except subprocess.TimeoutExpired as still:
            if self._child.returncode is not None or self._child.poll() is not None:
                self.ended = True
                self.text = (_text(still.stdout), _text(still.stderr))


def _text(piped: bytes | str | None) -> str:
    return piped.decode(errors="replace") if isinstance(piped, bytes) else piped or ""


def _wait_for_the_rest(family: _Family) -> None:
    """Reaps orphans until none is left, so that they count here and not in the next measurement."""
    until = time.monotonic() + LINGER_S
    while time.monotonic() < until:
        family.look()
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(LOOK_S)


def _children_s() -> float:
    """Processor time of waited-for descendants."""
    times = os.times()
    return times.children_user + times.children_system


def _machine_s() -> tuple[float, float]:
    """Seconds that the machine's cores were busy, and in all, since it started; see proc(5), `stat`."""
    times = [int(field) * _TICK_S for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return sum(times) - times[3] - times[4], sum(times)  # idle, and waiting for disks


def _parent_and_cpu(pid: int) -> tuple[int | None, float | None]:
    """See proc(5), `stat`: the fields after the name, which may hold spaces and brackets."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None, None
    return int(fields[1]), (int(fields[11]) + int(fields[12])) * _TICK_S


def _pss_mib(pid: int) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0
