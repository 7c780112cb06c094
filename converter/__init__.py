"""archive2md: exported blog posts to Markdown that says exactly what the post says."""

from __future__ import annotations

__version__ = "0.1.0"
