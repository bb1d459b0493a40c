"""Drivers that come with cellctl: one folder a product."""
