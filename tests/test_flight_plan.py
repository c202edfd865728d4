"""Plans of a year: what is wrong with one is told in one clear sentence, and a good one reads back as it is."""

import re
import tomllib

import pytest
from wardround.flight.deck import DECK
from wardround.flight.plan import PlanWrong, load_plan, published, read_plan, written
from wardround.flight.plan_doubts import doubts
from wardround.flight.plan_rules import SCALES
from wardround.flight.words import ACTIONS, CAUSES, ROLES, SIGNALS

REFERENCE = published()["reference"].read_text(encoding="utf-8")
FIRST_MONITOR = '[[monitor]]\nservice = "ward"\nsignal = "heartbeat"\nlimit = 0\n'
CAUSE = '\n[[cause]]\nname = "rumour"\n'

# what a hurried author writes: old text, new text, the key that must be named, and what to write
MALFORMED = {
    # words
    "misspelt signal": ('"heartbeat"', '"heartbeet"', "[[monitor]] 1 (ward heartbeet) signal", 'write "heartbeat"'),
    "signal of nobody": ('"heartbeat"', '"vibes"', "[[monitor]] 1 (ward vibes) signal", "write one of heartbeat, rows"),
    "misspelt service": (
        '"ward"\nsignal = "rows"',
        '"wards"\nsignal = "rows"',
        "2 (wards rows) service",
        'write "ward"',
    ),
    "misspelt action": ('["log"]\n\n[ward]', '["lgo"]\n\n[ward]', "unknown", 'write "log"'),
    "misspelt action of a cause": ('"backfill", "replay"]', '"backfil", "replay"]', "unit_change then", '"backfill"'),
    "misspelt role": ('owner = "operations"', 'owner = "operation"', "heartbeat) owner", 'write "operations"'),
    "role of nobody": ('owner = "operations"', 'owner = "Bob"', "heartbeat) owner", "write one of clinical_lead"),
    "misspelt cause": ('name = "surge"', 'name = "surg"', "[[cause]] surg name", 'write "surge"'),
    "misspelt policy": ('policy = "capacity"', 'policy = "capacty"', "[ward] policy", 'write "capacity"'),
    "another model": ('model = "quillmere"', 'model = "gpt"', "[ward] model", "write one of quillmere"),
    "another list": ('model = "reference"', 'model = "mine"', "[list] model", "write one of reference, own"),
    "contract of nobody": ('time_order = "block"', 'time_order = "deny"', "[contracts] time_order", "block, pass"),
    "misspelt answering": ('above_capacity = "highest"', 'above_capacity = "hihgest"', "above_capacity", '"highest"'),
    "misspelt notified": (
        'notify = ["clinical_lead"',
        'notify = ["clinic_lead"',
        "unit_change notify",
        "clinical_lead",
    ),
    "misspelt authority": (
        'authority = "ml_engineer"',
        'authority = "ml_enginer"',
        "[rollback] authority",
        "ml_engineer",
    ),
    # keys
    "misspelt key": ("threshold = 0.04", "treshold = 0.04\nthreshold = 0.04", "[ward] treshold", "write threshold"),
    "misspelt table": ("[pause]", "[pauze]", "[pauze]", "write pause"),
    "misspelt key of a monitor": ("limit = 0\nowner", "limit = 0\nlimt = 1\nowner", "heartbeat) limt", "write limit"),
    "unknown key": ("[staff]", "[staff]\ncoffee = 3", "[staff] coffee", "above_capacity"),
    "key that fell into a table": (
        "[staff]",
        '[staff]\nunknown = ["log"]',
        "[staff] unknown",
        "above the first [table]",
    ),
    "plural of monitors": ("[[monitor]]", "[[monitors]]", "monitors", "write [[monitor]]"),
    "single brackets": (REFERENCE[REFERENCE.index("[[cause]]") :], '[cause]\nname = "surge"\n', "[[cause]]", "double"),
    "missing name": ('name = "reference"', "", "name", "it is missing; write small letters"),
    "missing owner": ('owner = "operations"\n', "", "(ward heartbeat) owner", "write one of clinical_lead"),
    "missing limit": ("limit = 0\n", "", "(ward heartbeat) limit", "write a number"),
    "missing then": ('then = ["investigate"]\n', "", "(ward heartbeat) then", 'like ["investigate"]'),
    "missing threshold": ("threshold = 0.04\n", "", "[ward] threshold", "a probability between 0 and 1"),
    "cause without a name": ('name = "surge"\n', "", "[[cause]] 7 name", "the name of a card"),
    "cause twice": (CAUSE, f'{CAUSE}then = ["log"]\n{CAUSE}', "[[cause]] rumour", "keep one"),
    # numbers
    "percentage": ("limit = 0.4\n", "limit = 38\n", "(ward rows) limit", "a share above 0 and up to 1"),
    "share above 1": ("limit = 0.01", "limit = 5", "(ward duplicates) limit", "like 0.05 for 50 of 1,000"),
    "never rings": ("limit = 0\n", "limit = 1\n", "(ward heartbeat) limit", "write 0"),
    "negative": ("limit = 0.15\n", "limit = -0.15\n", "(list input_drift) limit", "an index from 0 to 5"),
    "percent of the usual": ("limit = 1.4\n", "limit = 175\n", "(ward census) limit", "a multiple of the usual"),
    "number in quotes": ("threshold = 0.04", 'threshold = "0.04"', "[ward] threshold", "a probability"),
    "threshold of 1,000": ("threshold = 0.04", "threshold = 40", "[ward] threshold", "0.04 for 40 of 1,000"),
    "not a number": ("threshold = 0.04", "threshold = nan", "[ward] threshold", "a probability"),
    "too many calls": ("calls_a_week = 16", "calls_a_week = 40", "[list] calls_a_week", "no more than 16"),
    "half a person": ("alerts_a_shift = 2", "alerts_a_shift = 2.5", "[ward] alerts_a_shift", "a whole number"),
    "rollback in no time": ("minutes = 60", "minutes = 0", "[rollback] minutes", "whole minutes from 1"),
    "labels too early": ("lag_days = 37", "lag_days = 7", "[labels] lag_days", "from 30"),
    "yes as a number": ("replay = true", "replay = 1", "[gates] replay", "true or false"),
    "another window": ("limit = 0\nowner", "limit = 0\nwindow_days = 7\nowner", "heartbeat) window_days", "write 1"),
    # two keys together
    "signal of the other service": (
        *('service = "ward"\nsignal = "freshness"', 'service = "list"\nsignal = "freshness"'),
        *("(list freshness) service", 'write "ward"'),
    ),
    "watched twice": (
        *("[[monitor]]", f'{FIRST_MONITOR}owner = "operations"\nthen = ["log"]\n\n[[monitor]]'),
        *("[[monitor]] 2 (ward heartbeat) signal", "keep one"),
    ),
    "no answer": ('then = ["investigate"]', "then = []", "(ward heartbeat) then", "it is empty"),
    "one action without a list": (
        'then = ["investigate"]',
        'then = "investigate"',
        "heartbeat) then",
        "a list of actions",
    ),
    "nobody may decide": ('authority = "data_engineer"\n', "", "[[cause]] unit_change authority", "write the role"),
    "rollback of nobody": ('authority = "ml_engineer"\n', "", "[rollback] authority", "write the role"),
    "rollback of nothing": (
        *("model = true\nfeatures = true\nthreshold = true\n", ""),
        *("[rollback]:", "write true"),
    ),
    "notice without a time": ("within_hours = 24\n", "", "[[cause]] unit_change within_hours", "like 24"),
    "gap without reviews": (
        "chart_reviews_a_week = 20",
        "chart_reviews_a_week = 0",
        "chart_reviews_a_week",
        "at least 1",
    ),
    "groups without the policy": (
        "[list]",
        "[ward.groups]\nblack = 0.03\n\n[list]",
        "[ward.groups]",
        'policy = "group"',
    ),
    # no TOML
    "decimal comma": ("threshold = 0.04", "threshold = 0,04", "line 9", "write a point"),
    "percent sign": ("limit = 0.01", "limit = 5 %", "line", "as a share"),
    "Python's truth": ("replay = true", "replay = True", "line", "in small letters"),
    "no quotes": ('policy = "capacity"', "policy = capacity", "line 10", "words need quotes"),
    "no quotes in a list": ('["investigate"]', "[investigate]", "line", "words in a list need quotes"),
    "typographic quotes": ('"quillmere"', "“quillmere”", "line 8", "straight ones"),
    "no value": ("weeks = 1", "weeks =", "line", "no value"),
    "colon": ("weeks = 1", "weeks: 1", "line", "key = value"),
    "open list": ('"backfill", "replay"]', '"backfill", "replay"', "line", "a bracket is opened"),
    "open header": ("[pause]", "[pause", "line", "closing one"),
    "open quote": ('policy = "capacity"', 'policy = "capacity', "line 10", "closing one"),
    "key twice": ("weeks = 1", "weeks = 1\nweeks = 2", "line", "stands twice"),
    "table twice": ("[pause]", '[staff]\nabove_capacity = "first"\n\n[pause]', "line", "stands twice"),
    "one bracket beside two": ("[[monitor]]", "[monitor]", "line", "double brackets"),
}


def test_there_are_fifty():
    assert len(MALFORMED) >= 50


@pytest.mark.parametrize("kind", MALFORMED)
def test_one_clear_message(kind):
    old, new, key, mend = MALFORMED[kind]
    assert old in REFERENCE, "the reference plan has changed; change this mutation with it"
    with pytest.raises(PlanWrong) as told:
        read_plan(REFERENCE.replace(old, new, 1), "my_plan.toml")
    message = str(told.value)
    assert len(told.value.faults) == 1, message
    assert message.startswith("my_plan.toml: ") and message.endswith(".") and "\n" not in message
    assert key in message and mend in message, message
    assert "pydantic" not in message and "Input should" not in message and len(message) < 400


def test_all_faults_are_told_at_once():
    text = REFERENCE.replace('"heartbeat"', '"heartbeet"').replace("weeks = 1\n", "weeks = 0\n")
    text = text.replace('authority = "data_engineer"\n', "", 1).replace("limit = 0.4\n", "limit = 38\n")
    with pytest.raises(PlanWrong) as told:
        read_plan(text)
    assert [one.key for one in told.value.faults] == [
        *("[[monitor]] 1 (ward heartbeet) signal", "[pause] weeks"),
        *("[[monitor]] 2 (ward rows) limit", "[[cause]] unit_change authority"),
    ]


def test_thresholds_by_group_are_disclosed_approved_and_told_with_their_exposure():
    text = published()["reference_groups"].read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    undisclosed = "".join(
        line
        for line in lines
        if "disclosed" not in line and "older fingertip sensors read too high for them" not in line
    )
    for wrong, key in (
        (undisclosed, "[ward] disclosed"),
        (text.replace('approved_by = "clinical_lead"\n', ""), "approved_by"),
    ):
        with pytest.raises(PlanWrong) as told:
            read_plan(wrong)
        assert len(told.value.faults) == 1 and key in str(told.value)
        assert "45 CFR 92.210" in str(told.value) and "unsettled" in str(told.value)
    assert [one.key for one in doubts(load_plan("reference_groups"))] == ["[ward] policy"]
    bare = undisclosed.replace('approved_by = "clinical_lead"\n', "")
    with pytest.raises(PlanWrong) as told:
        read_plan(bare)
    assert len(told.value.faults) == 2 and str(told.value).count("45 CFR 92.210") == 1  # once is enough


def test_a_plan_that_is_not_there():
    with pytest.raises(PlanWrong, match='no such file; write the published plan "reference"'):
        load_plan("refrence")
    with pytest.raises(PlanWrong, match="wardround fly --new"):
        load_plan("work/xyzzy.toml")


def test_a_plan_that_is_no_text(tmp_path):
    path = tmp_path / "plan.toml"
    path.write_bytes(b'name = "caf\xe9"\n')
    with pytest.raises(PlanWrong, match="save it as UTF-8"):
        load_plan(path)


# good plans ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(published()))
def test_published_plans_load_and_read_back(name):
    plan = load_plan(name)
    assert plan.name == name
    again = read_plan(written(plan))
    assert again == plan and again.digest == plan.digest


def test_published_plans_differ():
    digests = {load_plan(name).digest for name in published()}
    assert len(digests) == len(published()) >= 6


def test_the_reference_answers_every_card_and_watches_what_shows_it():
    plan = load_plan("reference")
    assert set(plan.causes) == set(DECK)
    for name, card in DECK.items():
        assert set(card.reference) <= set(plan.causes[name].then), name
    assert doubts(plan) == []
    assert {one.signal for one in plan.monitors} == set(SIGNALS)


def test_the_reference_is_fair_by_mending_the_device():
    plan = load_plan("reference")
    assert plan.ward.policy != "group" and not plan.ward.groups
    assert {"widen_abstention", "swap_devices"} <= set(plan.causes["sensor_bias"].then)


def test_doing_nothing_starts_as_the_reference_does():
    nothing, reference = load_plan("nothing"), load_plan("reference")
    assert (nothing.ward, nothing.list, nothing.staff) == (reference.ward, reference.list, reference.staff)
    assert not nothing.monitors and not nothing.causes


def test_the_template_flies_as_it_stands_and_names_every_key():
    from wardround.flight.command import TEMPLATE

    text = TEMPLATE.read_text(encoding="utf-8")
    plan = read_plan(text)
    found = tomllib.loads(text)
    for table, model in (
        ("ward", plan.ward),
        ("contracts", plan.contracts),
        ("gates", plan.gates),
        ("labels", plan.labels),
    ):
        wanted = set(type(model).model_fields) - {"groups", "disclosed", "approved_by"}
        assert set(found[table]) == wanted
    assert set(found) | {"forecast"} == {
        *(set(type(plan).model_fields) - {"monitors", "causes"}),
        *("monitor", "cause"),
    }


def test_the_digest_is_of_what_is_done():
    plan = load_plan("reference")
    assert read_plan(REFERENCE.replace('name = "reference"', 'name = "mine"')).digest == plan.digest
    assert read_plan(REFERENCE + "\n# a comment\n").digest == plan.digest
    ranges = "".join(
        f"{axis} = {{low = 1, high = 2}}\n" for axis in ("benefit", "harm", "burden", "equity", "resilience")
    )
    assert read_plan(REFERENCE.replace("[pause]", f"[forecast]\n{ranges}\n[pause]")).digest == plan.digest
    assert read_plan(REFERENCE.replace("threshold = 0.04", "threshold = 0.041")).digest != plan.digest
    assert read_plan(REFERENCE.replace("minutes = 60", "minutes = 61")).digest != plan.digest
    assert len(plan.digest) == 64


def test_pausing_is_allowed_and_told():
    told = doubts(load_plan("pause"))
    assert told and all("off" in one.write for one in told)
    text = REFERENCE.replace('then = ["fallback", "fix_feed", "backfill", "replay"]', 'then = ["pause"]', 1)
    assert [one.key for one in doubts(read_plan(text))] == ["[[cause]] unit_change"]
    mending = REFERENCE.replace(
        'then = ["fallback", "fix_feed", "backfill", "replay"]', 'then = ["pause", "fix_feed"]', 1
    )
    assert doubts(read_plan(mending)) == []


AT_ODDS = {  # a list of actions: what must be told of it, and in which list
    ("replay", "raise_threshold", "lower_threshold"): "lower_threshold takes back what raise_threshold did",
    ("lower_threshold", "log", "raise_threshold"): "raise_threshold takes back what lower_threshold did",
    ("fix_feed", "fallback"): "fallback begins when fix_feed has mended the cause",
    ("fix_feed", "manual_rounds", "replay"): "manual_rounds begins when fix_feed has mended",
    ("pause", "fallback", "fix_feed"): "the service whose score fallback is about",
    ("fallback", "pause", "fix_feed"): "the service whose score fallback is about",
    ("fallback", "fix_feed", "resume", "replay"): "resume closes the case, so replay is never begun",
    ("fallback", "resume", "fix_feed"): "resume ends fallback as soon as it holds",
    ("fix_feed", "resume"): "resume has nothing to switch on again",
    ("retrain", "roll_back"): "away what retrain made",
    ("raise_threshold", "roll_back"): "takes back raise_threshold",
    ("recalibrate", "retrain"): "drops what recalibrate did",
}


@pytest.mark.parametrize("then", AT_ODDS, ids=" ".join)
@pytest.mark.parametrize("place", ["unit_change", "unknown"])
def test_actions_at_odds_are_told(then, place):
    said = [one.write for one in doubts(_answering(place, then)) if one.key.endswith(place)]
    assert any(AT_ODDS[then] in one for one in said), said


@pytest.mark.parametrize(
    "then",
    [
        ("fallback", "fix_feed", "backfill", "replay"),
        ("pause", "fix_feed", "replay", "resume"),
        ("pause", "manual_rounds", "fix_feed"),
        ("raise_threshold", "raise_threshold"),
        ("roll_back", "raise_threshold"),
        ("roll_back", "retrain"),
        ("retrain", "recalibrate"),
        ("top_k", "more_staff", "log"),
    ],
    ids=" ".join,
)
def test_actions_that_go_together_are_not_told(then):
    assert doubts(_answering("unit_change", then)) == []


def test_a_rollback_without_a_part_takes_nothing_of_it_back():
    plan = _answering("unit_change", ("raise_threshold", "retrain", "roll_back"))
    parts = plan.rollback.model_copy(update={"threshold": False, "model": False, "features": False})
    assert len(doubts(plan)) == 2 and doubts(plan.model_copy(update={"rollback": parts})) == []


def _answering(place: str, then: tuple[str, ...]):
    plan = load_plan("reference")
    if place == "unknown":
        return plan.model_copy(update={"unknown": then})
    cause = plan.causes[place].model_copy(update={"then": then})
    return plan.model_copy(update={"causes": plan.causes | {place: cause}})


def test_a_cause_that_nobody_could_find_is_told():
    at = REFERENCE.index("[[monitor]]")
    told = doubts(read_plan(REFERENCE[:at] + REFERENCE[REFERENCE.index("[[cause]]") :]))
    assert {one.key for one in told} == {f"[[cause]] {name}" for name in DECK}


def test_the_words_of_a_new_plan_are_all_of_them(tmp_path):
    from wardround.flight.command import new_plan

    path = new_plan(tmp_path / "My first plan.toml")
    text = path.read_text(encoding="utf-8")
    assert load_plan(path).name == "my_first_plan"
    for word in (*SIGNALS, *ACTIONS, *ROLES, *DECK):
        assert word in text.partition("The words of a plan.")[2], word
    with pytest.raises(FileExistsError, match="left as it is"):
        new_plan(path)


def test_the_words_of_causes_are_whole_and_give_no_decoy_away():
    assert list(CAUSES) == list(DECK)
    telling = "decoy|nothing|only|within|better|worse|works|wrong|limit|story|rumour|harmless|false|fault|broken"
    assert not re.search(telling, " ".join(CAUSES.values()))
    assert not any(card.title.lower() in CAUSES[name] for name, card in DECK.items())


def test_every_scale_is_of_a_signal():
    assert set(SCALES) <= set(SIGNALS)
    for name, signal in SIGNALS.items():
        never = 0.0 if signal.alarms == "below" else 1e9
        monitor = f'service = "list"\nsignal = "{name}"\nlimit = {never}\nowner = "operations"\nthen = ["log"]\n'
        text = f"{REFERENCE}\n[[monitor]]\n{monitor}"
        with pytest.raises(PlanWrong, match=f"{name}\\) limit"):
            read_plan(text)
