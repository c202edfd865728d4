"""The columns of triage-critical-12h from what the desk knows: years, and vital signs in the desk's units."""

COLUMNS = ["age", "heart_rate", "respiratory_rate", "temperature", "saturation", "systolic"]


def features(raw):
    """Return the model's columns; what was not measured stays missing, and the model estimates it from the rest."""
    return raw[COLUMNS].astype(float)
