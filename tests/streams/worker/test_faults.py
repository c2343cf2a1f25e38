"""What a log may say of a fault."""

import logging
import subprocess
import sys

import pytest
from aiokafka.errors import KafkaConnectionError

from streams.worker.faults import Unsound, place, redact


def test_a_faults_own_words_are_kept_back_unless_they_cannot_hold_a_patients_data():
    assert redact(KeyError("p-7f3a")) == "KeyError"
    assert redact(Unsound("vitals.alerts: the topic does not exist")) == "vitals.alerts: the topic does not exist"
    assert "broker-1" in redact(KafkaConnectionError("broker-1"))


def test_the_place_in_the_code_is_said_without_the_words():
    with pytest.raises(ValueError) as caught:
        int("p-7f3a")

    assert "test_faults.py" in place(caught.value) and "invalid literal" not in place(caught.value)


def test_a_worker_logs_one_json_object_a_line_on_standard_error():
    program = (
        "import logging; from streams.worker.logs import set_up; set_up('worker', as_json=True);"
        "logging.getLogger('streams.worker.x').info('port %d', 8080); logging.getLogger('faust').info('chatter')"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert '"event": "port 8080"' in line and '"level": "info"' in line
    assert logging.getLevelName(logging.INFO) == "INFO"
