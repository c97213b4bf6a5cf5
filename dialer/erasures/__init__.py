"""Erasing a person: what was asked for and how far it is, what stays of the number, and the proof."""
