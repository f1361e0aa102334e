"""Encoders' scales of constant quality: what can be chosen on them, so that a size or a quality is met."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from .encoder_plan import EncoderPlan
from .encoders import encoder_called
from .errors import EncoderError

Options = Mapping[str, str]
_SVT = "svtav1-params"
_LAMBDA = 118
"""FF_QP2LAMBDA: FFmpeg's unit of quantisers."""


def _rate_factor(option: str) -> Callable[[Options, float], Options]:
    return lambda options, value: {option: f"{value:g}"}


def _quarters_of_svtav1(options: Options, value: float) -> Options:
    """FFmpeg cuts off the quarters that SVT-AV1 knows, so they are said in its own language, beside the whole."""
    others = [part for part in options.get(_SVT, "").split(":") if part and not part.startswith("crf=")]
    quarters = [] if value == int(value) else [f"crf={value:g}"]
    return {"crf": str(int(value)), _SVT: ":".join([*others, *quarters])}


def _factor_of_svtav1(options: Options) -> float | None:
    own = [part for part in options.get(_SVT, "").split(":") if part.startswith("crf=")]
    said = own[-1].removeprefix("crf=") if own else options.get("crf")
    return None if said is None else float(said)


def _quantiser(options: Options, value: float) -> Options:
    return {"flags": "+qscale", "global_quality": str(round(value * _LAMBDA))}


@dataclass(frozen=True)
class QualityScale:
    """Evenly spaced values, from the best quality to the worst that is worth having."""

    best: float
    worst: float
    step: float
    options: Callable[[Options, float], Options]
    """What has to be said otherwise in the encoder's options for a value."""
    read: Callable[[Options], float | None]
    """The value that options say."""
    word: str = "crf"
    said: Callable[[float], str] | None = None
    """A value in people's words, where it is not `word` and a number."""

    @property
    def last(self) -> int:
        """The place of the worst value; that of the best one is 0."""
        return round((self.worst - self.best) / self.step)

    def value(self, place: int) -> float:
        """The value at a place."""
        return self.best + place * self.step

    def place(self, value: float) -> int:
        """The place nearest to a value."""
        return min(self.last, max(0, round((value - self.best) / self.step)))

    def place_in(self, plan: EncoderPlan) -> int:
        """The place of what a plan says; the middle where it says nothing."""
        value = self.read(plan.options)
        return self.last // 2 if value is None else self.place(value)

    def at(self, plan: EncoderPlan, place: int) -> EncoderPlan:
        """The plan with the value at a place."""
        return replace(plan, options={**plan.options, **self.options(plan.options, self.value(place))})

    def words(self, place: int) -> str:
        """The value at a place, as people call it: `crf 23.5`."""
        value = self.value(place)
        return self.said(value) if self.said else f"{self.word} {value:g}"


def _factor_scale(option: str, best: float, worst: float, step: float) -> QualityScale:
    return QualityScale(best, worst, step, _rate_factor(option), lambda options: _number(options, option), option)


def _number(options: Options, name: str) -> float | None:
    return float(options[name]) if name in options else None


def _quantiser_of(options: Options) -> float | None:
    return int(options["global_quality"]) / _LAMBDA if "global_quality" in options else None


def _quantiser_range(options: Options, value: float) -> Options:
    return {"qmin": f"{value:g}", "qmax": f"{value:g}"}


_VP8_WORST, _VP8_LEAST = 60, 4
"""VP8's largest rate factor of use, and libvpx's own least quantiser."""


def _vp8_options(options: Options, value: float) -> Options:
    """VP8's rate factor takes the bitrate for its target, and hardly makes files smaller from about 45 on: beyond 60,
    the least quantiser rises."""
    least = _VP8_LEAST + max(0, value - _VP8_WORST)
    return {"crf": f"{min(value, _VP8_WORST):g}", "qmin": f"{least:g}"}


def _vp8_value(options: Options) -> float | None:
    factor = _number(options, "crf")
    return None if factor is None else factor + max(0, float(options.get("qmin", _VP8_LEAST)) - _VP8_LEAST)


def _vp8_said(value: float) -> str:
    options = _vp8_options({}, value)
    return f"crf {options['crf']}" + (f" with qmin {options['qmin']}" if value > _VP8_WORST else "")


_QUANTISERS = QualityScale(1, 31, 1, _quantiser_range, lambda options: _number(options, "qmin"), "quantiser")
_SCALES: Mapping[str, QualityScale] = {
    "libx264": _factor_scale("crf", 1, 45, 0.25),
    "libx265": _factor_scale("crf", 1, 45, 0.25),
    "libvpx": QualityScale(4, 2 * _VP8_WORST - _VP8_LEAST, 1, _vp8_options, _vp8_value, said=_vp8_said),
    "libvpx-vp9": _factor_scale("crf", 1, 60, 1),
    "libsvtav1": QualityScale(1, 60, 0.25, _quarters_of_svtav1, _factor_of_svtav1),
    **dict.fromkeys(("mpeg4", "mpeg2video", "mpeg1video", "mjpeg"), _QUANTISERS),
    "prores_ks": QualityScale(1, 64, 1, _quantiser, _quantiser_of, "quantiser"),
}


def quality_scale(encoder: str) -> QualityScale:
    """The scale of an encoder.

    Raises:
        EncoderError: it has none.
    """
    known = _SCALES.get(encoder)
    if known is not None:
        return known
    option = encoder_called(encoder).rate_factor
    if option is None:
        raise EncoderError(
            f"the encoder {encoder} has no quality to choose from, as --target-quality and --max-growth want; choose "
            "another with --encoder"
        )
    return _factor_scale(option, 1, 51, 1)
