"""cellctl runs robotic cells from plain files."""

__version__ = "0.1.0"
