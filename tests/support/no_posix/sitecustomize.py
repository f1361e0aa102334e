"""A Python, and all that it starts, in which vidsharp finds only what Windows has; libraries of others find all.

It is the `sitecustomize` of processes whose PYTHONPATH names its folder. What is missing is missing as it is there:
modules are not found, modules have no such attributes, files of /proc are not there, `ctypes.CDLL(None)` and
descriptors that a child inherits are errors.
"""

import builtins
import sys
from types import FrameType, ModuleType
from typing import Any

OURS = "vidsharp"
MODULES = {
    *("crypt", "fcntl", "grp", "nis", "ossaudiodev", "posix", "pty", "pwd"),
    *("readline", "resource", "spwd", "syslog", "termios", "tty"),
}
NAMES = {
    "os": """
        chown chroot copy_file_range ctermid eventfd fchdir fchown fork forkpty fpathconf getegid geteuid getgid
        getgrouplist getgroups getloadavg getpgid getpgrp getpriority getresuid getsid getuid initgroups killpg lchown
        lockf major makedev memfd_create minor mkfifo mknod nice openpty pathconf pidfd_open pipe2 posix_fadvise
        posix_fallocate posix_spawn pread preadv pwrite pwritev readv register_at_fork sched_getaffinity sched_getparam
        sched_getscheduler sched_param sched_setaffinity sched_setscheduler sched_yield sendfile setegid seteuid setgid
        setpgid setpriority setsid setuid splice statvfs fstatvfs sync sysconf tcgetpgrp tcsetpgrp ttyname uname wait
        wait3 wait4 waitid writev getxattr listxattr setxattr removexattr
        O_ASYNC O_CLOEXEC O_DIRECT O_DIRECTORY O_DSYNC O_NOATIME O_NOCTTY O_NOFOLLOW O_NONBLOCK O_PATH O_SYNC
        O_TMPFILE SCHED_FIFO SCHED_OTHER SCHED_RR WNOHANG WIFEXITED WEXITSTATUS WTERMSIG EX_OK RTLD_NOW
        """,
    "signal": """
        SIGALRM SIGBUS SIGCHLD SIGCONT SIGHUP SIGKILL SIGPIPE SIGQUIT SIGSTOP SIGTSTP SIGUSR1 SIGUSR2 SIGWINCH alarm
        getitimer pause pthread_kill pthread_sigmask setitimer siginterrupt sigpending sigtimedwait sigwait
        """,
    "socket": "AF_UNIX AF_NETLINK SO_REUSEPORT socketpair_unix sethostname recv_fds send_fds",
    "select": "poll epoll kqueue",
    "time": "clock_gettime clock_settime tzset pthread_getcpuclockid",
}  # fmt: skip
"""What the systems' modules have not; from their documentation ("Availability: Unix")."""

_import = builtins.__import__


def _called_by_us(frame: FrameType | None) -> bool:
    """Whether the first that is none of Python's own library is vidsharp."""
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if name.partition(".")[0] not in sys.stdlib_module_names and name != __name__:
            return name.partition(".")[0] == OURS
        frame = frame.f_back
    return False


class _Without(ModuleType):
    """A module that lacks some names."""

    def __init__(self, module: ModuleType, names: frozenset[str], instead: dict[str, Any]) -> None:
        super().__init__(module.__name__)
        self.__dict__.update({name: value for name, value in vars(module).items() if name not in names} | instead)


_seen: dict[str, ModuleType] = {}


def _as_elsewhere(module: ModuleType) -> ModuleType:
    name = module.__name__
    if name not in _seen:
        instead: dict[str, Any] = {}
        if name == "ctypes":
            instead["CDLL"] = _CDLL
        if name == "subprocess":
            instead["Popen"] = _Popen
        _seen[name] = _Without(module, frozenset(NAMES.get(name, "").split()), instead)
    return _seen[name]


def _import_elsewhere(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
    if not level and str((globals or {}).get("__name__", "")).partition(".")[0] == OURS:
        if name in MODULES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        if name in {*NAMES, "ctypes", "subprocess"}:
            return _as_elsewhere(_import(name, globals, locals, fromlist, level))
    return _import(name, globals, locals, fromlist, level)


def _no_proc(event: str, arguments: tuple[Any, ...]) -> None:
    looks = event in ("open", "os.listdir", "os.scandir") and str(arguments[0]).startswith(("/proc", "/sys/"))
    if looks and _called_by_us(sys._getframe(1)):
        raise FileNotFoundError(2, "No such file or directory", arguments[0])


import ctypes  # noqa: E402  # before vidsharp asks for it
import subprocess  # noqa: E402


class _Popen(subprocess.Popen):  # type: ignore[type-arg]
    def __init__(self, *arguments: Any, **settings: Any) -> None:
        if "pass_fds" in settings:
            raise TypeError("pass_fds")
        super().__init__(*arguments, **settings)


class _CDLL(ctypes.CDLL):
    def __init__(self, name: Any, *more: Any, **settings: Any) -> None:
        if name is None and _called_by_us(sys._getframe(1)):
            raise TypeError("argument of type 'NoneType' is not iterable")
        super().__init__(name, *more, **settings)


builtins.__import__ = _import_elsewhere
sys.addaudithook(_no_proc)
