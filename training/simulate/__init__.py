"""The soft call recording of a sharp clip, frame for frame: scaled down, sent over a low-bandwidth link, recorded.

light: 2× down and up, nothing else (the report's `simulate_vc`). medium: 1.5–2× down, a real-time encoder at about
0.10 bit of H.264 per pixel of the small picture, up. heavy: 2–3× down, about 0.04 bit. compressed: no scaling, about
0.05 bit. switching: the size changes in mid-call, as with simulcast. All but light are then recorded at full size. What
else may happen on the way, and in what ranges: `docs/simulation.md`. Pictures stay in YUV throughout.
"""
