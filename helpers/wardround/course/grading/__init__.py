"""Grading: a folder of submissions in, honest grades and a page for each learner out."""
