"""The bank behind Q4: situations after an alarm, what to do first, who decides it, and what each other way costs.

It holds answers and is in no box.
"""

from __future__ import annotations

RETRAIN, RECALIBRATE, ROLL_BACK, MEND, LEAVE = "retrain", "recalibrate", "roll back", "mend the feed", "leave"
ACTIONS = (RETRAIN, RECALIBRATE, ROLL_BACK, MEND, LEAVE)
ON_CALL, OWNER, FEEDS, CLINIC = "on call", "model owner", "feed owner", "clinical lead"

# name: text, who may decide, and what follows from the four other actions
SITUATIONS = {
    "unit.eastbank": (
        "Creatinine at Eastbank has a median of 86 since Tuesday; it was 0.98. Quillmere is unchanged. The contract was not yet strict on this column.",
        [FEEDS],
        {
            RETRAIN: "The model learns a week of µmol/L, and is wrong again on the day the laboratory mends its message.",
            RECALIBRATE: "Calibration moves everybody's risk for a fault in one column of one site.",
            ROLL_BACK: "The old release reads the same wrong column: nothing changes but the date.",
            LEAVE: "Each morning Eastbank's patients are ranked by a unit.",
        },
    ),
    "code.sodium": (
        "Sodium is missing in all discharges since 1 March. The laboratory moved to a new code that day; the results are in its own system.",
        [FEEDS],
        {
            RETRAIN: "You train without sodium for good, because a mapping has a missing line.",
            RECALIBRATE: "The mean risk hardly moved, so there is nothing to recalibrate, and the column stays empty.",
            ROLL_BACK: "The mapping is not in the release; the column is as empty as before.",
            LEAVE: "The median stands in for every sodium, and the sickest look ordinary.",
        },
    ),
    "stale.cache": (
        "Counts, scores and missing shares are as ever. The newest laboratory value on each morning's list is 31 hours old; it used to be 3.",
        [FEEDS],
        {
            RETRAIN: "The model learns that yesterday's values are today's.",
            RECALIBRATE: "Nothing is miscalibrated yet; the values are old.",
            ROLL_BACK: "The old release waits for the same cache.",
            LEAVE: "The dashboard is green, and whoever became ill overnight is not on the list.",
        },
    ),
    "double.feed": (
        "Discharges doubled on Monday. Half of the rows have the same stay twice, a minute apart; some patients were called twice.",
        [FEEDS],
        {
            RETRAIN: "Every second row of the new window is a copy, and the model is sure of what it saw twice.",
            RECALIBRATE: "Rates are the same; people are called twice.",
            ROLL_BACK: "The old release reads the same doubled feed.",
            LEAVE: "The call list is used up by Wednesday, on half of the people.",
        },
    ),
    "time.zone": (
        "Since the interface was renewed, a third of results at one site are issued before they were drawn, by four or five hours. The old interface is gone.",
        [FEEDS],
        {
            RETRAIN: "The model learns from values that nobody could have read at eight.",
            RECALIBRATE: "A shift of the mean mends no clock.",
            ROLL_BACK: "The clock is in the interface, not in the release.",
            LEAVE: "Results of this afternoon reach the list of this morning in every later training table.",
        },
    ),
    "release.typo": (
        "Released at 07:15. At 07:40 of 100 who go home 97 are on the call list; it was 35 yesterday. The scores are as they were.",
        [ON_CALL],
        {
            RETRAIN: "The model is as it was yesterday; in the two days of training nurses dial everybody.",
            RECALIBRATE: "The risks are right. The limit is wrong.",
            MEND: "The feed delivers what it always did, and you lose the morning on looking.",
            LEAVE: "By noon the nurses have stopped working through the list.",
        },
    ),
    "release.features": (
        "Since this morning's release the top tenth of the list are other people than by yesterday's on the same stays. Nobody can say why yet.",
        [ON_CALL],
        {
            RETRAIN: "You train a third thing before you know what is wrong with the second.",
            RECALIBRATE: "The order of patients has changed, and calibration keeps the order.",
            MEND: "The same rows give two lists, so it is not the rows.",
            LEAVE: "The wrong people are called until somebody has understood it.",
        },
    ),
    "vendor.silent": (
        "A vendor's sepsis score is higher by a half since the 3rd; inputs are unchanged. Their notice of an update came on the 9th. A pinned version is there.",
        [ON_CALL, OWNER],
        {
            RETRAIN: "It is not yours to train, and nobody has judged the new version.",
            RECALIBRATE: "You tune your threshold to a version that nobody has accepted, and that may change next week.",
            MEND: "The inputs are as they were.",
            LEAVE: "Alerts have doubled, and in two weeks nobody answers them.",
        },
    ),
    "shadow.gap": (
        "A release that went live yesterday gives no score to 22 of 100 patients: its new contract refuses a value that is normal at Eastbank.",
        [ON_CALL],
        {
            RETRAIN: "The weights are not asked: a door is shut before them.",
            RECALIBRATE: "There is no score to recalibrate.",
            MEND: "The value is right, the contract is not: a feed that is bent to a wrong contract breaks the next one.",
            LEAVE: "One patient in five has no risk, and the short list looks like a calm day.",
        },
    ),
    "owner.leaves": (
        "Last night an engineer released alone, without a second name; the gate was off. Nothing looks wrong so far. Another engineer is on call now; nobody has looked at the release.",
        [ON_CALL, OWNER],
        {
            RETRAIN: "What is missing is a second pair of eyes, not another model.",
            RECALIBRATE: "Nobody knows whether it is miscalibrated: nobody has looked.",
            MEND: "No feed is broken.",
            LEAVE: "What nobody has approved decides over patients today, and the next one will point to this night.",
        },
    ),
    "visits.end": (
        "Home visits were cut in January. By September O/E of the hold-out is 1.58 (1.3 to 1.9) in all groups, AUROC 0.68 as before. Inputs are still; visits will not return.",
        [OWNER, CLINIC],
        {
            RETRAIN: "It takes months to gather outcomes of the new time, and the ranking was never wrong; meanwhile every promise is.",
            ROLL_BACK: "The old release knew the same town with visits.",
            MEND: "Every feed is in order; the town has changed.",
            LEAVE: "A family that is told 20 of 100 should have heard 32 (O/E 1.58).",
        },
    ),
    "eastbank.low": (
        "After a year of shadow at a third site: AUROC as elsewhere, slope 0.98, O/E 0.61 (0.5 to 0.75) on 140 returns. The site is to go live.",
        [OWNER, CLINIC],
        {
            RETRAIN: "It sorts well there already; 140 returns would make a worse model than the one you have.",
            ROLL_BACK: "Nothing was released there yet.",
            MEND: "Units, codes and missing shares were compared, and fit.",
            LEAVE: "The threshold calls half again as many as were meant, and each in vain costs trust at a new site.",
        },
    ),
    "label.rule": (
        "The programme is to prevent observation stays, too: the clinical lead decided it in March, so from April on they count as returns. O/E of the hold-out rises to 1.2 at all risks alike, AUROC as before; all outcomes are settled.",
        [OWNER, CLINIC],
        {
            RETRAIN: "You need a year of the new label, and the order of patients is the same.",
            ROLL_BACK: "Every older release promises by the old rule, too.",
            MEND: "The feed is right: what the word means has changed.",
            LEAVE: "The promise is about something that is no longer counted.",
        },
    ),
    "balanced.weights": (
        "In shadow a new model promises 0.44 on average where 0.14 come back. It was trained with balanced classes; its AUROC is better than that of the one in use, which it replaces on Monday. Training takes a week.",
        [OWNER, CLINIC],
        {
            RETRAIN: "Monday passes without it, and a shift of the intercept on settled outcomes does the same today.",
            ROLL_BACK: "It is in shadow: nothing is served that could be rolled back.",
            MEND: "No feed is wrong.",
            LEAVE: "On Monday it goes live and calls everybody.",
        },
    ),
    "new.drug": (
        "A new heart-failure drug is standard since last year. In the hold-out AUROC among heart-failure patients fell from 0.70 to 0.58 (0.52 to 0.64; 110 returns), O/E 0.7. 900 settled returns without a call are there from sites where the model only looks on.",
        [OWNER, CLINIC],
        {
            RECALIBRATE: "You move the mean, and the order within the group stays wrong.",
            ROLL_BACK: "The old release has never seen the drug either.",
            MEND: "No feed is broken: patients are treated differently.",
            LEAVE: "In the group that is called most, the list is not far from chance.",
        },
    ),
    "feature.gone": (
        "The payer's file with home-help hours ends for good on 31 December. It is the model's third strongest input. Three years of settled outcomes are there.",
        [OWNER, CLINIC],
        {
            RECALIBRATE: "The column will be empty: the mean can be repaired, the sorting cannot.",
            ROLL_BACK: "Every older release reads the same file.",
            MEND: "There is nothing to mend: the contract with the payer has ended.",
            LEAVE: "In January a median stands in for the third strongest input.",
        },
    ),
    "merged.hospital": (
        "A cardiac centre joined; go live there is decided for March. In two years of shadow AUROC there is 0.55 (0.53 to 0.57), O/E 1.0, on 1,400 settled returns; feeds were compared and fit.",
        [OWNER, CLINIC],
        {
            RECALIBRATE: "A well-calibrated coin is a coin.",
            ROLL_BACK: "No release has ever been live there.",
            MEND: "The feeds fit; the patients are others.",
            LEAVE: "You go live with a list that sorts almost by chance.",
        },
    ),
    "icd.version": (
        "Diagnoses have come in a new coding version for two years, mapped where a map exists; a third of groups have none. For these no map can be made, coders say. In shadow, no calls yet, AUROC fell from 0.70 to 0.63 (0.62 to 0.64), 2,100 settled returns.",
        [OWNER, CLINIC],
        {
            RECALIBRATE: "The mean is right; the groups that sorted patients are gone.",
            ROLL_BACK: "Every older release knows only the old version.",
            MEND: "What can be mapped is mapped; for the others the coders have looked.",
            LEAVE: "The loss is measured, lasting, and can be mended with what you have.",
        },
    ),
    "analyser.new": (
        "A new analyser reads haemoglobin 0.4 g/dL higher; the laboratory has checked it, keeps it, and has told the wards. PSI 0.11, p < 1e-9. Flagged are 33 of 100, not 35, and nobody new; hold-out O/E 1.02 (0.86 to 1.20), AUROC as before.",
        [OWNER, ON_CALL],
        {
            RETRAIN: "Half a year of work and a release with all its risks, for two of 100 just below the line.",
            RECALIBRATE: "The interval holds 1: you would move everybody's risk on a guess. Write down the two of 100, and look again when more outcomes are in.",
            ROLL_BACK: "The old release gets the same blood, and you have lost what the new one mended.",
            MEND: "No value is broken. Whoever bends them at the interface shows the ward one haemoglobin and the model another.",
        },
    ),
    "model.helps": (
        "O/E on record fell from 1.0 to 0.7 since calls began, AUROC from 0.69 to 0.59. Hold-out: 0.98 (0.8 to 1.2) and 0.68. Inputs are still.",
        [OWNER, CLINIC],
        {
            RETRAIN: "The new model learns that whom you helped was never in danger, and stops calling them.",
            RECALIBRATE: "Promises sink because calls work, so fewer are called, and next year more come back.",
            ROLL_BACK: "You undo the release that keeps people at home.",
            MEND: "No feed is broken.",
        },
    ),
    "labels.late": (
        "O/E of the last three months is 0.7. All older months are at 1.0, in the hold-out, too. Claims of the last four months are not complete.",
        [OWNER, ON_CALL],
        {
            RETRAIN: "The newest rows teach that patients stopped coming back.",
            RECALIBRATE: "In May the claims are in, and all promises are a third too low.",
            ROLL_BACK: "The old release would show the same three months.",
            MEND: "The payers deliver as they always did: late.",
        },
    ),
    "one.week": (
        "One of forty inputs had p = .004 last week, after eight quiet months. This week it is at .41. Contracts are green.",
        [ON_CALL, OWNER],
        {
            RETRAIN: "Forty tests a week do that every seventh week or so: you would train for ever.",
            RECALIBRATE: "No outcome has been asked.",
            ROLL_BACK: "There was no release, and there is nothing to undo.",
            MEND: "Whoever looks for a fault that chance made for a week finds another, and mends that.",
        },
    ),
    "one.story": (
        "A physician tells of a patient who was not called and came back very ill. The case review: score 0.09, all inputs right. Of 100 with such a score 9 come back, as promised.",
        [CLINIC, OWNER],
        {
            RETRAIN: "One case moves no weight, and a model that is bent until it does is worse for the others.",
            RECALIBRATE: "Nine of a hundred were promised, and one of the nine has a name now.",
            ROLL_BACK: "The old release gave him 0.08.",
            MEND: "All inputs were right.",
        },
    ),
    "winter": (
        "Discharges are up by a sixth since December, as in each of the last three winters. Shares, scores and O/E are as before; the nurses are short of time.",
        [CLINIC, OWNER],
        {
            RETRAIN: "The model has seen three winters; what is short is nurses.",
            RECALIBRATE: "O/E is as before.",
            ROLL_BACK: "No release makes a winter shorter.",
            MEND: "More patients are no fault of the feed.",
        },
    ),
}
ACTION_OF = {
    **dict.fromkeys(("unit.eastbank", "code.sodium", "stale.cache", "double.feed", "time.zone"), MEND),
    **dict.fromkeys(("release.typo", "release.features", "vendor.silent", "shadow.gap", "owner.leaves"), ROLL_BACK),
    **dict.fromkeys(("visits.end", "eastbank.low", "label.rule", "balanced.weights"), RECALIBRATE),
    **dict.fromkeys(("new.drug", "feature.gone", "merged.hospital", "icd.version"), RETRAIN),
    **dict.fromkeys(("analyser.new", "model.helps", "labels.late", "one.week", "one.story", "winter"), LEAVE),
}


def drawn(dice):
    """Return names of five situations in a drawn order: one of each action, or one action missing and another twice."""
    actions = list(ACTIONS)
    twice, missing = (actions[n] for n in dice.permutation(actions.index(LEAVE))[:2])
    if dice.random() < 0.5:
        actions[actions.index(missing)] = twice
    chosen = []
    for action in actions:
        names = [name for name in SITUATIONS if ACTION_OF[name] == action and name not in chosen]
        chosen.append(str(dice.choice(names)))
    return [chosen[n] for n in dice.permutation(len(chosen))]
