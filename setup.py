"""Builds the C code as what it is: shared libraries that ctypes loads. The rest is in pyproject.toml."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_ext import build_ext

SUFFIX = ".sharedlib"
"""As in models/fused/c_library.py. None that Python takes for a module's: it would try to import the file."""


class BuildLibraries(build_ext):
    """Builds `ext-modules`, none of which is an extension module of Python."""

    def get_ext_filename(self, fullname: str) -> str:
        return str(Path(*fullname.split("."))) + SUFFIX

    def get_export_symbols(self, ext: object) -> list[str]:
        return []  # there is no PyInit


setup(cmdclass={"build_ext": BuildLibraries})
