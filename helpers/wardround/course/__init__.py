"""The course: questions and their wrong answers, checks, and the learner's own folder."""
