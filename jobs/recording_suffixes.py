"""The endings of recordings' names."""

RECORDING_SUFFIXES = (
    *(".mp4", ".m4v", ".mov", ".qt", ".3gp", ".3g2", ".mkv", ".webm", ".avi", ".flv", ".wmv", ".asf", ".ogv"),
    *(".ts", ".mts", ".m2ts", ".mpg", ".mpeg", ".vob", ".mxf", ".nut"),
    *(".264", ".h264", ".265", ".h265", ".hevc", ".ivf", ".obu", ".m2v"),  # streams without a container
)
"""Files that a folder search takes for recordings. A file named on the command line is tried whatever its name."""
