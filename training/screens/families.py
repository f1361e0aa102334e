"""The font families that screens are set in: which package carries each, at which version, and which are held out."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """One typeface in one package of fonts."""

    name: str
    kind: str
    """`sans`, `serif` or `mono`."""
    version: str
    """Version of the package that pictures are drawn with: another one may hold other outlines."""
    stem: str
    """File name up to the style."""
    axes: str = ""
    """Variation axes as the file name lists them, such as `opsz,wght`; empty for a file per style."""
    italic: bool = True
    held_out: bool = False
    """Drawn for the benchmark alone, never to train on."""
    licence: str = "OFL-1.1"

    @property
    def package(self) -> str:
        return "fontpkg-" + self.name.lower().replace(" ", "-")

    @property
    def module(self) -> str:
        return self.package.replace("-", "_")

    def file(self, weight: int, italic: bool) -> str:
        """Name of the file for a weight (100–900); a family without italics gives its upright one."""
        italic = italic and self.italic
        if self.axes:
            return f"{self.stem}{'-Italic' if italic else ''}[{self.axes}].ttf"
        bold = weight >= 600 and self.name != "DM Mono"  # whose boldest is Medium
        style = {(False, False): "Regular", (False, True): "Italic", (True, False): "Bold", (True, True): "BoldItalic"}
        return f"{self.stem}-{style[bold, italic]}.ttf"


FAMILIES = (
    Family("Inter", "sans", "4.1.post1", "Inter", "opsz,wght"),
    Family("Roboto", "sans", "3.15", "Roboto", "wdth,wght"),
    Family("Open Sans", "sans", "3.3", "OpenSans", "wdth,wght"),
    Family("Noto Sans", "sans", "2.15", "NotoSans", "wdth,wght"),
    Family("Lato", "sans", "2.15", "Lato"),
    Family("Source Sans 3", "sans", "3.52", "SourceSans3", "wght"),
    Family("Arimo", "sans", "1.341", "Arimo", "wght"),
    Family("Fira Sans", "sans", "4.203", "FiraSans"),
    Family("Montserrat", "sans", "9.0", "Montserrat", "wght"),
    Family("Poppins", "sans", "4.4", "Poppins"),
    Family("DM Sans", "sans", "4.4", "DMSans", "opsz,wght"),
    Family("PT Sans", "sans", "2.3", "PT_Sans-Web"),
    Family("Nunito", "sans", "3.602", "Nunito", "wght"),
    Family("Roboto Condensed", "sans", "3.8", "RobotoCondensed", "wght"),
    Family("Noto Serif", "serif", "2.15", "NotoSerif", "wdth,wght"),
    Family("Source Serif 4", "serif", "4.004", "SourceSerif4", "opsz,wght"),
    Family("Merriweather", "serif", "2.100", "Merriweather", "opsz,wdth,wght"),
    Family("Lora", "serif", "3.8", "Lora", "wght"),
    Family("EB Garamond", "serif", "1.3", "EBGaramond", "wght"),
    Family("Roboto Slab", "serif", "2.2", "RobotoSlab", "wght", italic=False, licence="Apache-2.0"),
    Family("JetBrains Mono", "mono", "2.211", "JetBrainsMono", "wght"),
    Family("Fira Code", "mono", "5.2.post1", "FiraCode", "wght", italic=False),
    Family("Roboto Mono", "mono", "3.1", "RobotoMono", "wght"),
    Family("Source Code Pro", "mono", "1.26", "SourceCodePro", "wght"),
    Family("DM Mono", "mono", "1.000", "DMMono"),
    Family("IBM Plex Sans", "sans", "3.201", "IBMPlexSans", "wdth,wght", held_out=True),
    Family("Work Sans", "sans", "2.12", "WorkSans", "wght", held_out=True),
    Family("Public Sans", "sans", "2.1", "PublicSans", "wght", held_out=True),
    Family("IBM Plex Serif", "serif", "2.006", "IBMPlexSerif", held_out=True),
    Family("PT Serif", "serif", "1.0", "PT_Serif-Web", held_out=True),
    Family("IBM Plex Mono", "mono", "2.3", "IBMPlexMono", held_out=True),
    Family("Inconsolata", "mono", "3.1", "Inconsolata", "wdth,wght", italic=False, held_out=True),
)


def families(kind: str, held_out: bool) -> tuple[Family, ...]:
    """The families of one kind that may be drawn with: those held out, or all the others."""
    return tuple(each for each in FAMILIES if each.kind == kind and each.held_out == held_out)
