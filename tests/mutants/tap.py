"""The tap's rules, taken out one by one: rows T-01 to T-27 of the list of faults, and the promises of a sync."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_ANSWERS = "tap_hiringcenter/api/answers.py"
_ENVELOPES = "tap_hiringcenter/api/envelopes.py"
_PATIENCE = "tap_hiringcenter/api/patience.py"
_PROGRAM = "tap_hiringcenter/api/program.py"
_TRANSPORT = "tap_hiringcenter/api/transport.py"
_WIRE = "tap_hiringcenter/api/wire.py"
_BOOKMARKS = "tap_hiringcenter/bookmarks.py"
_FAMILY = "tap_hiringcenter/family.py"
_PROSPECTS = "tap_hiringcenter/prospects.py"
_RECORDS = "tap_hiringcenter/records.py"
_ROWS = "tap_hiringcenter/api/rows.py"
_SAME_RECORDS = "test_records_are_the_same_however_their_rows_were_parsed"
_RUN = "tap_hiringcenter/run.py"
_SPANS = "tap_hiringcenter/spans.py"
_SWEEPS = "tap_hiringcenter/sweeps.py"
_WINDOWS = "tap_hiringcenter/windows.py"

_T04 = "test_t04_a_503_is_repeated"
_T07 = "test_t07_an_answer_that_no_document_describes_is_an_error"
_T10 = "test_t10_rows_that_exist_throughout_survive_changes_while_the_list_is_read"
_T11 = "test_t11_rows_of_one_moment_survive_the_edges_of_pages_and_windows"
_T12 = "test_t12_a_row_that_does_not_say_when_it_changed_comes_with_its_children"
_AT_BOUNDS = "test_rows_at_the_bounds_of_windows_are_given"
_T14 = "test_t14_a_child_that_changes_with_its_parent_is_not_missed_by_the_run_after_a_broken_one"
_T16 = "test_t16_what_one_stream_suffers_no_other_feels"
_T18 = "test_t18_what_no_schema_foresees_is_kept_and_valid_in_every_stream"
_T20 = "test_t20_a_run_with_too_few_requests_keeps_to_them_and_the_next_ones_finish"
_T21 = "test_t21_a_state_that_is_not_ours_is_refused_before_anything_is_asked"
_T23 = "test_t23_a_full_table_sync_that_is_broken_off_activates_no_version"

TAP = (
    Mutant(
        "T-01",
        _FAMILY,
        "yield from self._marks([job.stream], last.change, after=last.root, is_checkpoint=False)",
        "yield from self._marks([job.stream], job.parent.change, after=job.parent.root)",
        ("test_t01_a_run_that_was_killed_goes_on_from_its_last_state",),
    ),
    Mutant(
        "T-02",
        _PROGRAM,
        "_leave(_SIGNAL_EXIT + stopped.signal_number)",
        "_leave(0)",
        ("test_t02_a_run_that_was_asked_to_stop_ends_soon_with_whole_lines_and_not_with_0",),
    ),
    Mutant("T-03", _PATIENCE, "self.wait = (told or growing) if", "self.wait = growing if", ("test_t03_a_429_is_waited_out_as_it_asks",)),
    Mutant(
        "T-03",
        _ANSWERS,
        "if seconds is None and isinstance(body, dict):",
        "if False:",
        ("test_t03_a_429_of_hiringcenter_tells_in_its_body_how_long",),
    ),
    Mutant("T-03", _TRANSPORT, "error.wait > HOUR:", "False:", ("test_t03_a_429_that_asks_for_a_day_ends_the_system_whose_key_it_is",)),
    Mutant("T-04", _PATIENCE, "tries: int = 8", "tries: int = 1", (_T04,)),
    Mutant("T-04", _ANSWERS, " or status >= HTTPStatus.INTERNAL_SERVER_ERROR", "", (_T04,)),
    Mutant(
        "T-05",
        _WIRE,
        "except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:",
        "except ZeroDivisionError as error:",
        ("test_t05_a_connection_that_breaks_is_made_again_and_nothing_comes_twice",),
    ),
    Mutant(
        "T-05",
        "tap_hiringcenter/api/adapter.py",
        "time.monotonic() + (seconds or _LONGEST)",
        "time.monotonic() + 86_400",
        ("test_an_answer_must_be_whole_within_the_time_out",),
    ),
    Mutant(
        "T-06",
        _ANSWERS,
        "raise TransientError(reason, **facts)",
        "raise RefusedError(reason, **facts)",
        ("test_t06_a_body_that_is_no_json_is_asked_for_again",),
    ),
    Mutant("T-07", _ENVELOPES, 'if body.get("success", True) is not True:', "if False:", (_T07,)),
    Mutant("T-07", _ENVELOPES, 'refuse(answer, f"answered with {_kind(rows)} where the list of rows belongs ({where})")', "return []", (_T07,)),
    Mutant(
        "T-07",
        _ENVELOPES,
        'refuse(answer, "answered a list without has_more, so nothing tells whether it is whole")',
        "return Page(answer, rows)",
        (_T07,),
    ),
    Mutant(
        "T-08",
        _SWEEPS,
        "        if not page.next:",
        "        if not page.next or not page.rows:",
        ("test_t08_empty_pages_with_a_next_token_do_not_end_a_list",),
    ),
    Mutant(
        "T-09",
        _SWEEPS,
        'refuse(page.answer, "goes in a circle: a page or a page token came twice, so the list can\'t be read to its end", kind)',
        "return",
        ("test_t09_tokens_in_a_circle_end_the_list_within_one_of_it", "test_t09_a_list_that_ignores_its_cursor_is_an_error"),
    ),
    Mutant(
        "T-09",
        _ENVELOPES,
        'refuse(answer, "says that the list goes on (has_more) but not where (next_cursor)")',
        "return Page(answer, rows)",
        ("test_t09_a_list_that_goes_on_without_a_cursor_is_an_error",),
    ),
    Mutant("T-10", _SWEEPS, "return not self._repeats_a_page and (self._pages == 1 or", "return True or (self._pages == 1 or", (_T10,)),
    Mutant("T-11", _SPANS, "min(changes) >= times.to_text(self.after)", "min(changes) > times.to_text(self.after)", (_AT_BOUNDS,)),
    Mutant("T-11", _ENVELOPES, '{"startAfter": last + 1}', '{"startAfter": last}', (_T11,)),
    Mutant("T-12", _SPANS, "if change else self.before is None", "if change else False", (_T12,)),
    Mutant("T-12", _WINDOWS, "        if self._undated or (undated and since):", "        if False:", (_T12,)),
    Mutant("T-12", _FAMILY, "return change is None or start.since is None or", "return start.since is None or change is not None and", (_T12,)),
    Mutant(
        "T-12",
        _BOOKMARKS,
        "moved[_VALUE] = min(value, times.to_text(self._began - lag))",
        "moved[_VALUE] = value",
        ("test_t12_no_bookmark_passes_the_beginning_of_its_run",),
    ),
    Mutant(
        "T-12",
        _BOOKMARKS,
        "moved[_VALUE] = min(value, times.to_text(self._began - lag))",
        "moved[_VALUE] = min(value, times.to_text(self._began))",
        ("test_t12_a_server_whose_clock_is_wrong_by_minutes_loses_nothing",),
    ),
    Mutant(
        "T-13",
        _BOOKMARKS,
        "return Start(times.earlier(entry[_VALUE], self._lookback), **known)",
        "return Start(times.normalise(entry[_VALUE]), **known)",
        ("test_t13_rows_that_become_visible_late_come_when_they_are_within_the_lookback",),
    ),
    Mutant("T-13", _BOOKMARKS, "self._began - lag - self._lookback", "self._began - lag", ("test_t13_a_run_that_was_broken_off_looks_back_as_well",)),
    Mutant("T-14", _FAMILY, "or stream in self._errors or", "or", (_T14,)),
    Mutant("T-14", _FAMILY, "else min(start for start in starts if start is not None)", "else max(start for start in starts if start)", (_T14,)),
    Mutant(
        "T-15",
        _FAMILY,
        "            # The parent is gone, and its children with it.",
        "            raise",
        ("test_t15_one_parent_costs_only_its_own_children",),
    ),
    Mutant(
        "T-15",
        _FAMILY,
        "if gone >= _TOO_MANY_GONE and stream not in self._found:",
        "if False:",
        ("test_t15_a_path_that_answers_404_for_every_parent_is_not_taken_for_their_absence",),
    ),
    Mutant("T-16", _FAMILY, "            self._fail(stream, error)", "            raise", (_T16,)),
    Mutant("T-16", _RUN, "except Exception as error:  # noqa: BLE001  # a stream map", "except ZeroDivisionError as error:  # a stream map", (_T16,)),
    Mutant(
        "T-17", _TRANSPORT, "raise self.end(error) from None", "raise", ("test_t17_a_key_of_hiringcenter_that_is_refused_ends_only_its_own_system",)
    ),
    Mutant(
        "T-17",
        "tap_hiringcenter/access.py",
        "if self._scopes is None:",
        "if True:",
        ("test_t17_a_stream_whose_scope_is_missing_is_left_out_by_name",),
    ),
    Mutant("T-18", _RECORDS, "{name: row[name] for name in names if name in row} or None", "None", (_T18,)),
    Mutant("T-18", _RECORDS, "        return objects\n", "        return [None] * len(rows)\n", (_SAME_RECORDS,)),
    Mutant("T-18", _RECORDS, "None if is_empty else found", "found", (_SAME_RECORDS,)),
    Mutant(
        "T-18",
        _ROWS,
        "        self.held(name)\n        # The fastest",
        "        # The fastest",
        ("test_rows_that_became_records_are_still_there_as_they_came",),
    ),
    Mutant(
        "T-18", _ROWS, "value if has else msgspec.UNSET for value, has in zip(values, self.has(name), strict=True)])", "*values])", (_SAME_RECORDS,)
    ),
    Mutant("T-18", _RECORDS, " and _can_be_parsed(name)", "", ("test_any_name_may_come_on_every_page",)),
    Mutant("T-18", _RECORDS, "(*others, *new)", "(*self._others, *new)", ("test_a_name_that_another_thread_learns_meanwhile_is_learned_once",)),
    Mutant(
        "T-18",
        "tap_hiringcenter/streams/hiringcenter.py",
        "        return None\n",
        "        return super().parser\n",
        ("test_a_list_within_a_feed_of_one_record_is_no_list_of_rows",),
    ),
    Mutant("T-24", "tap_hiringcenter/api/times.py", "not joined.isascii() or ", "", ("test_a_text_of_the_length_of_a_time_that_is_none_makes_none",)),
    Mutant("T-18", _RECORDS, "(held is None or (ancestor is not None and held != ancestor))", "ancestor is not None and held != ancestor", (_T18,)),
    Mutant(
        "T-19",
        _BOOKMARKS,
        "        self._entries[name] = moved\n",
        '        self._entries[name] = {**moved, "partitions": [*entry.get("partitions", []), value]}\n',
        ("test_t19_the_state_is_small_and_as_small_with_2000_parents_as_with_20",),
    ),
    Mutant("T-20", "tap_hiringcenter/api/usage.py", "self._used >= self._most:", "self._used >= self._most + 5:", (_T20,)),
    Mutant(
        "T-23",
        _FAMILY,
        "undated=goes_on",
        "undated=False",
        ("test_t23_a_full_sync_that_is_resumed_has_the_children_of_leads_without_a_time",),
    ),
    Mutant("T-20", "tap_hiringcenter/client.py", "most_pages=None if left is None else max(1, left // 4)", "most_pages=None", (_T20,)),
    Mutant("T-21", _BOOKMARKS, "if name not in streams:", "if False:", (_T21,)),
    Mutant("T-21", _BOOKMARKS, "        if is_ahead:", "        if False:", (_T21,)),
    Mutant(
        "T-21",
        "tap_hiringcenter/command.py",
        "        found = None\n",
        "        found = {}\n",
        ("test_t21_a_state_file_that_is_corrupt_is_not_taken_for_none",),
    ),
    Mutant(
        "T-22", _PROSPECTS, "if reader.holds_all(first):", "if True:", ("test_t22_a_total_that_is_never_reached_is_an_error_after_a_few_requests",)
    ),
    Mutant(
        "T-22",
        _PROSPECTS,
        "while total > len(page.rows) or len(page.rows) >= limit:",
        "while False:",
        ("test_t22_prospects_behind_a_cap_are_complete_or_an_error",),
    ),
    Mutant("T-22", _PROSPECTS, "    if first.next:", "    if False:", ("test_t22_a_token_is_followed_when_one_comes_and_the_total_is_held_to",)),
    Mutant(
        "T-23",
        _RUN,
        "                if entry.records or event.is_resumed:",
        "                if True:",
        ("test_t23_an_empty_list_does_not_empty_a_table",),
    ),
    Mutant(
        "T-23",
        "tap_hiringcenter/output.py",
        "        self.schema(rows.stream)\n",
        "        self.schema(rows.stream)\n        if rows.version:\n            self.activate(rows.stream, rows.version)\n",
        (_T23,),
    ),
    Mutant(
        "T-24",
        _ANSWERS,
        "parse_constant=str, parse_float=_finite",
        "parse_float=_finite",
        ("test_t24_odd_values_make_valid_lines_and_come_through_as_they_are",),
    ),
    Mutant(
        "T-25", _RUN, "_READ_AHEAD = 2000", "_READ_AHEAD = 0", ("test_t25_a_reader_that_is_slow_slows_the_run_down_and_its_memory_does_not_fill_up",)
    ),
    Mutant(
        "T-25",
        _PROGRAM,
        "except BrokenPipeError:",
        "except ZeroDivisionError:",
        ("test_t25_a_reader_that_goes_away_ends_the_run_with_an_error_and_without_a_stack_trace",),
    ),
    Mutant("T-27", _ENVELOPES, '("items", own_name)', '("items",)', ("test_t27_either_shape_is_read_and_both_in_one_run",)),
    Mutant(
        "T-27",
        _ENVELOPES,
        'pagination.get("nextPageToken", body.get("nextPageToken"))',
        'pagination.get("nextPageToken")',
        ("test_t27_either_shape_is_read_and_both_in_one_run",),
    ),
    # Promises of a sync that no row of the list of faults is about; 4.1, 4.2, 4.5, 4.7, 4.9 and 4.10 are in the rows above.
    Mutant(
        "4.3",
        _FAMILY,
        'newest = max(newest, part.until or "")',
        'newest = max(newest, "9999")',
        ("test_every_state_of_a_long_read_leads_to_a_complete_second_run",),
    ),
    Mutant(
        "4.4",
        _FAMILY,
        "            yield from self._root_marks(newest, is_final=False)\n",
        "",
        ("test_long_lists_are_read_in_windows_whatever_the_bounds_mean",),
    ),
    Mutant(
        "4.4",
        _SPANS,
        "_OVERLAP = timedelta(seconds=1)",
        "_OVERLAP = timedelta(0)",
        (_AT_BOUNDS,),
    ),
    Mutant(
        "4.6",
        _FAMILY,
        "since = None if None in starts else min(start for start in starts if start is not None)",
        "since = starts[0]",
        ("test_a_child_stream_that_is_selected_later_catches_up_by_itself",),
    ),
    Mutant(
        "4.8",
        _TRANSPORT,
        'ceilings[HOUR] = config[f"{system.name}_requests_per_hour"]',
        "pass",
        ("test_t20_a_run_that_waits_for_the_next_hour_asks_nothing_more_and_goes_on_when_it_is_told_to_stop",),
    ),
    Mutant("4.11", _WIRE, "addFilter(lambda _: False)", "addFilter(lambda _: True)", ("test_neither_keys_nor_rows_nor_queries_get_into_the_log",)),
)
