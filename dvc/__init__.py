"""The project, and what every part shares: the kernel and the entry points that may read everything."""

__version__ = "0.1.0"
