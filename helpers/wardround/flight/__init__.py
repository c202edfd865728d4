"""The year: a plan flown through fifty-two weeks of Quillmere, with incidents, by a team that does what the plan says.

Own code, since this is what the course exists for: a hospital whose truth is known (``hospital``), whose fourth year is
frozen (``year``) so that no plan changes who comes; a plan that is read and refused in sentences (``plan``); a deck of
incidents (``deck``); the day loop (``engine``, ``calls``, ``team``); eight scores that are never summed (``scores``),
beside doing nothing, the reference and the ceiling (``compare``); and what is learnt afterwards (``debrief``).
"""
