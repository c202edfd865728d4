"""Week 10: what is right, what is known to be wrong, and what a colleague would say. Never shown before an answer.

Misconceptions, by question (says, so_what, look_at follow below as they are written):
Q1 card: whole_story (summary too long), called_high, no_selection, empty_two_hundred (200 and no card where prefetch lacks),
   pages (critical for every risk), from_the_chart (last night's chart, not the prefetch), markup_through, calm_card (M41), zero_card
Q2 advise: rule_hidden, missing_is_normal (M14), comfort_gets_risk, comfort_gets_rule, danger_is_a_slip, any_missing, stale_is_fine
Q3 screen: last_score (M25), zero, calming (M41), waits, hides_rules, old_feed, believes_anything, three_tries
Q4 faults: every_override (M23), commonest, by_name, by_outcome, of_all, accepted_too, any_difference
Q5 assessment: fraction, of_1000, whole_life, ages, no_basis, made_at_triage, no_number
"""
