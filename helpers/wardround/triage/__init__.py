"""The triage assistant: a model in front of a person at a desk, who decides first and may overrule it."""
