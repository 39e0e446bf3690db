"""The rules that keep keys, personal data and the machine, taken out one by one (I6, T-25, T-26, 4.11)."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_REQUEST, _WIRE = "tap_hiringcenter/api/request.py", "tap_hiringcenter/api/wire.py"
_SETTINGS = "tap_hiringcenter/api/settings.py"

_NOT_TOLD = "test_i6_nothing_of_an_answer_is_told_whatever_is_wrong_with_it"
_BOUNDED = "test_an_answer_without_measure_stops_its_stream_and_not_the_machine"
_URL = "test_a_url_that_could_send_the_key_elsewhere_is_refused_before_any_request"
_SEGMENT = "test_ids_of_rows_stay_one_segment_of_the_path_of_their_children"

HOSTILE = (
    Mutant("I6", _WIRE, "LARGEST_BODY = 128 * 2**20", "LARGEST_BODY = 2**50", (_BOUNDED,)),
    Mutant("I6", "tap_hiringcenter/api/adapter.py", "self._connected.shutdown(socket.SHUT_RDWR)", "pass", (_BOUNDED,)),
    Mutant(
        "I6",
        _WIRE,
        "addFilter(lambda _: False)",
        "addFilter(lambda _: True)",
        (
            "test_i6_a_query_is_not_logged_even_where_the_http_library_is_asked_to",
            "test_i6_an_email_in_a_query_is_not_logged_even_where_the_http_library_is_asked_to",
        ),
    ),
    Mutant("I6", _REQUEST, 'quote(value, safe="")\n', 'quote(value, safe="/?#")\n', (_SEGMENT,)),
    Mutant(
        "I6",
        _REQUEST,
        'if text in {"", ".", ".."}:',
        'if text in {"!"}:',
        ("test_a_row_whose_id_can_not_be_asked_for_costs_its_children_and_says_so",),
    ),
    Mutant(
        "4.11",
        _REQUEST,
        "headers, body = self._headers, None",
        'http = __import__("requests")\n'
        '        signed = http.Session().prepare_request(http.Request("GET", "http://127.0.0.1", self._headers))\n'
        "        headers, body = dict(signed.headers), None",
        ("test_an_entry_of_netrc_does_not_take_the_place_of_the_key",),
    ),
    Mutant(
        "T-26",
        _WIRE,
        "        response: Any = self._pool.urlopen(",
        "        requests.request(signed.method, requests.compat.urljoin(self._url, signed.target), headers=signed.headers, data=signed.body)\n"
        "        response: Any = self._pool.urlopen(",
        (
            "test_t26_the_key_goes_nowhere_else",
            "test_t26_the_key_does_not_follow_a_redirect_to_another_host",
            "test_t26_a_write_that_is_led_elsewhere_is_not_made_there_nor_as_another_method",
        ),
    ),
    Mutant(
        "4.11",
        _WIRE,
        'verify, cert = environment["verify"],',
        "verify, cert = False,",
        ("test_a_certificate_that_nobody_vouches_for_is_refused", "test_a_certificate_of_another_host_is_refused"),
    ),
    Mutant(
        "4.11",
        _WIRE,
        'environment["proxies"] if self._url.lower().startswith("https:") else {}',
        'environment["proxies"]',
        ("test_a_key_for_this_machine_goes_through_no_proxy",),
    ),
    Mutant("4.11", _SETTINGS, "found.host in _LOOPBACK", 'str(found.host).startswith("127.0.0.1")', (_URL,)),
    Mutant("4.11", _SETTINGS, 're.compile(r"[!-\\[\\]-~]*")', 're.compile(r".*", re.DOTALL)', (_URL,)),
    Mutant("4.11", _SETTINGS, 're.compile(r"[!-~]*")', 're.compile(r".*", re.DOTALL)', ("test_a_key_that_can_not_be_one_is_refused_and_not_shown",)),
    Mutant("4.11", _SETTINGS, 'text = text.replace(repr(config[name]), "***")', "pass", ("test_a_password_of_the_ledger_is_not_shown",)),
    Mutant("4.11", "target_hiringcenter/databases.py", ' and "@" not in (url.host or "")', "", ("test_a_password_of_the_ledger_is_not_shown",)),
    Mutant(
        "I6",
        "tap_hiringcenter/api/answers.py",
        'reason = f"answered {_in_words(status)}"',
        'reason = f"answered {_in_words(status)} {content[:400]!r}"',
        (_NOT_TOLD, "test_i6_nothing_of_a_record_is_told_whatever_is_answered"),
    ),
    Mutant(
        "I6",
        "tap_hiringcenter/run.py",
        'entry.reason = f"A record could not be written ({type(error).__name__})',
        'entry.reason = f"A record could not be written ({error})',
        ("test_i6_a_stream_map_that_fails_quotes_no_row",),
    ),
    Mutant(
        "I6",
        "tap_hiringcenter/run.py",
        "progress.set_description(event.stream.name, refresh=False)",
        'progress.set_description(str(getattr(getattr(event, "records", None), "contents", ""))[:400], refresh=True)',
        ("test_i6_the_progress_line_tells_nothing",),
    ),
    Mutant(
        "I6",
        "target_hiringcenter/reader.py",
        'msg = "A line of the input is not JSON',
        'msg = line + "A line of the input is not JSON',
        ("test_i6_input_that_can_not_be_read_is_not_quoted",),
    ),
    Mutant(
        "I6",
        "target_hiringcenter/batch.py",
        "task.reject = Reject(error.reason, error.column)",
        'task.reject = Reject(f"{error.reason}, and is {record}", error.column)',
        ("test_i6_a_run_without_faults_tells_nothing_of_a_record",),
    ),
    Mutant(
        "T-25",
        "tap_hiringcenter/run.py",
        "_READ_AHEAD = 2000",
        "_READ_AHEAD = 10_000_000",
        ("test_t25_a_reader_that_stops_reading_stops_the_asking",),
    ),
)
