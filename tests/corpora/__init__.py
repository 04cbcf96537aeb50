"""Labelled files on which guardrails are measured."""
