"""Grading: a folder of submissions in, honest marks and a page per learner out. Learner code runs in a box."""
