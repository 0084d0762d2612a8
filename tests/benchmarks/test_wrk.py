"""What wrk is told to send, and what it says of it."""

from benchmarks import wrk
from benchmarks.load import Load

OUTPUT = "Running 2s test\n  Requests/sec: 5.0\nresult 60000 3 2000000 812 5021\n"


def test_the_line_of_our_script_is_read() -> None:
    assert wrk.parse(OUTPUT) == Load(60000, 3, 2.0, 812, 5021, 60000)


def test_an_output_without_that_line_is_none() -> None:
    assert wrk.parse("unable to connect") is None


def test_requests_are_sent_byte_for_byte() -> None:
    script = wrk.script([b'POST / HTTP/1.1\r\n\r\n{"a": 1}', b"GET / HTTP/1.1\r\n\r\n"])
    assert 'local requests = {"POST / HTTP/1.1\\r\\n\\r\\n{\\"a\\": 1}", "GET / HTTP/1.1\\r\\n\\r\\n"}' in script


def test_a_fresh_head_has_a_number_of_its_own_between_the_halves() -> None:
    script = wrk.fresh_script([(b"a\r\n", b"\r\n\r\nb")])
    assert 'local requests = {{"a\\r\\n", "\\r\\n\\r\\nb"}}' in script
    assert 'halves[1] .. format("traceparent: 00-%032x-%016x-01", number, number) .. halves[2]' in script
