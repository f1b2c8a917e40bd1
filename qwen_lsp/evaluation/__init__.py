"""Measuring what the program does. Nothing here runs while somebody works with it."""
