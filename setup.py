"""Builds the C code as what it is: shared libraries that ctypes loads. The rest is in pyproject.toml.

A wheel serves every Python 3 on its platform, since the libraries know nothing of Python's ABI. `VIDSHARP_WHEEL_FOR`
names another platform to build for, by Zig's C compiler (`pip install ziglang`): `make wheels` does so for all.
"""

import os
import subprocess
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext

SUFFIX = ".sharedlib"
"""As in models/fused/c_library.py. None that Python takes for a module's: it would try to import the file."""
TARGETS = {
    "manylinux_2_17_x86_64": "x86_64-linux-gnu.2.17",
    "manylinux_2_17_aarch64": "aarch64-linux-gnu.2.17",
    "macosx_11_0_arm64": "aarch64-macos.11.0",
    "win_amd64": "x86_64-windows-gnu",
}
"""What Zig calls each wheel's platform, with the oldest C library that it runs with."""
PLATFORM = os.environ.get("VIDSHARP_WHEEL_FOR")


class BuildLibraries(build_ext):
    """Builds `ext-modules`, none of which is an extension module of Python."""

    def get_ext_filename(self, fullname: str) -> str:
        return str(Path(*fullname.split("."))) + SUFFIX

    def get_export_symbols(self, ext: object) -> list[str]:
        return []  # there is no PyInit

    def build_extension(self, ext: Extension) -> None:
        if PLATFORM is None:
            super().build_extension(ext)
            return
        made = Path(self.get_ext_fullpath(ext.name))
        made.parent.mkdir(parents=True, exist_ok=True)
        compiler = [sys.executable, "-m", "ziglang", "cc", "-target", TARGETS[PLATFORM], "-shared", "-s"]
        position = [] if PLATFORM.startswith("win") else ["-fPIC"]
        libraries = [f"-l{name}" for name in ext.libraries]
        # An error ends the build, although the libraries are optional: such a wheel is made for their sake.
        subprocess.run(
            [*compiler, *position, *ext.extra_compile_args, *ext.sources, *libraries, "-o", made], check=True
        )
        for beside in made.parent.iterdir():  # what linkers for Windows leave: debugging symbols, import libraries
            if beside.suffix in (".pdb", ".lib"):
                beside.unlink()


class PlatformWheel(bdist_wheel):
    """A wheel for one platform and every Python 3."""

    def get_tag(self) -> tuple[str, str, str]:
        return "py3", "none", PLATFORM or super().get_tag()[2]


setup(cmdclass={"build_ext": BuildLibraries, "bdist_wheel": PlatformWheel})
