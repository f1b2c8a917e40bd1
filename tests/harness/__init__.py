"""Harnesses that several test folders share."""
