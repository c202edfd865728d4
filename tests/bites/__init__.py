"""Do the lessons bite? Each planted lesson measured in the model itself, with the rule by which it holds.

``tests/test_bites.py`` holds five hospitals to the rules for each seed; ``make proof`` holds twenty to all of them.
"""
