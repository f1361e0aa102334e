"""x86-64 processors that qemu's user mode stands for, and what the library should find of each."""

from tests.kernels.toolchains import Toolchain

PROCESSORS = {
    "Nehalem": {"generic"},  # SSE4.2
    "SandyBridge": {"generic"},  # AVX, without what came with AVX2
    "Haswell": {"generic", "AVX2"},
    "Haswell,-avx2": {"generic"},  # as where a virtual machine hides it
    "Haswell,-xsave": {"generic"},  # as where a system does not save its registers
}
"""qemu has no AVX-512: this machine's own has to do for that."""


def standing_for(processor: str, compiler: tuple[str, ...] = ("gcc",)) -> Toolchain:
    """A compiler whose programs run on such a processor."""
    return Toolchain(compiler, "gcc libc6-dev qemu-user", ("qemu-x86_64", "-cpu", processor), "x86_64")
