"""The demo's table: the worst bed first, nothing missing shown as a number."""

import io

from rich.console import Console

from streams.demo.screen import Ward, alert_line, picture, score_text


def alert(**facts):
    return {
        "alert_id": "a1",
        "patient_id": "p",
        "bed": "A01",
        "state": "raised",
        "priority": "medium",
        "interrupts": True,
        "headline": "Resp rate 26/min, usual 16",
        "reason": "red_score",
        "at": "2026-11-22T12:00:00.000Z",
    } | facts


def status(patient, bed, score=0, alerts=(), **vitals):
    news2 = {"score_min": score, "score_max": score + 9, "complete": False}
    shown = {name: {"value": value, "state": "live", "usual": None} for name, value in vitals.items()}
    return {
        "patient_id": patient,
        "bed": bed,
        "coverage": "covered",
        "news2": news2,
        "vitals": shown,
        "alerts": list(alerts),
    }


def drawn(ward):
    console = Console(file=io.StringIO(), width=160, record=True)
    console.print(picture(ward, "title", "footer"))
    return console.export_text()


def test_the_bed_that_needs_someone_first_stands_first():
    ward = Ward()
    ward.hear("status", status("quiet", "A01", score=1))
    ward.hear("status", status("shown", "A02", score=3, alerts=[alert(interrupts=False)]))
    ward.hear("status", status("high", "A03", score=7, alerts=[alert(priority="high")]))

    assert [one["patient_id"] for one in ward.beds()] == ["high", "shown", "quiet"]


def test_a_vital_that_was_never_seen_says_so():
    ward = Ward()
    ward.hear("status", status("p", "A01", heart_rate=72))

    assert "never seen" in drawn(ward)
    assert "72" in drawn(ward)


def test_an_incomplete_score_is_an_interval():
    assert score_text(status("p", "A01", score=3)) == "3-12"


def test_alerts_are_counted_once_however_often_they_are_revised():
    ward = Ward()
    for state in ("raised", "updated", "worsened", "cleared"):
        ward.hear("alerts", alert(state=state))

    assert len(ward.raised) == 1
    assert ward.newest()[0]["state"] == "cleared"


def test_an_alert_is_one_line_with_its_why():
    line = alert_line(alert()).plain

    assert "A01" in line and "Resp rate 26/min" in line and "red_score" in line and "\n" not in line
