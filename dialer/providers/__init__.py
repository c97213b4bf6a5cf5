"""Carriers: one contract (`base`) and one module or package for each."""
