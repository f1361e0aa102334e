"""The encoder on a GPU (NVENC) for a recording: where one is taken without being asked for by name, and why not."""

from .chroma_siting import is_420
from .encoder import EncoderChoice
from .encoder_plan import EncoderPlan
from .encoders import ON_GPU_OF_CODEC, encoder_called
from .probe import ClipInfo


def encoder_on_gpu(choice: EncoderChoice, info: ClipInfo) -> str | None:
    """The name of the GPU's encoder that should be tried first; None where the CPU's own one is to be taken."""
    name = _offered(choice, info)
    return None if name is None or _cannot_say(info) else name


def instead_of_gpu(choice: EncoderChoice, info: ClipInfo, plan: EncoderPlan) -> str | None:
    """A sentence on why a clip is encoded on the CPU although the run has a GPU's encoder for it; None where it is not,
    or there is none."""
    name = _offered(choice, info)
    if name is None or name == plan.name:
        return None
    return f"encoded on the CPU: {_cannot_say(info) or f'{name} does not take its pictures'}"


def still_asked_for(choice: EncoderChoice, plan: EncoderPlan) -> bool:
    """Whether a plan of an earlier run may stand: not where a GPU's encoder was taken that this run does without."""
    on_gpu = encoder_called(plan.name).takes_surfaces
    return not on_gpu or plan.name in (choice.name, *choice.on_gpu)


def _offered(choice: EncoderChoice, info: ClipInfo) -> str | None:
    name = ON_GPU_OF_CODEC.get(info.codec)
    said = (choice.name, choice.crf, choice.preset) != (None, None, None) or choice.options
    return name if name in choice.on_gpu and not said else None


def _cannot_say(info: ClipInfo) -> str | None:
    """What a GPU's encoders do not write of a recording, or are not known to."""
    if info.interlaced:
        return "it is interlaced"
    if info.mastering or info.light_level or info.hdr10_plus:
        return "it has HDR metadata"
    if info.chroma_location != "left" and is_420(info.pix_fmt):
        return "its chroma lies where GPUs' encoders are not known to say"
    return None
