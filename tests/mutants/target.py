"""The target's rules, taken out one by one: rows G-01 to G-17 of the list of faults, and the promises of a target."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_ACCESS = "target_hiringcenter/access.py"
_BATCH = "target_hiringcenter/batch.py"
_BULK = "target_hiringcenter/bulk.py"
_CLIENT = "target_hiringcenter/client.py"
_FIELDS = "target_hiringcenter/fields.py"
_FOREMAN = "target_hiringcenter/foreman.py"
_LEDGER = "target_hiringcenter/ledger.py"
_PRINTS = "target_hiringcenter/fingerprints.py"
_TARGET = "target_hiringcenter/target.py"
_LOOKS = "target_hiringcenter/sinks/looks.py"
_ORDER = "target_hiringcenter/order.py"
_WRITER = "target_hiringcenter/writer.py"

_G03 = "test_g03_an_answer_that_is_lost_doubles_nothing[POST-/notes-connection-ignored]"
_G04 = "test_g04_a_first_request_that_is_still_under_way_is_asked_again_with_its_key[notes-nothing]"
_G05 = "test_g05_a_record_that_goes_a_b_a_ends_at_a[meetings-bulk]"
_G06 = "test_g06_bad_rows_cost_only_themselves[bad1-rows-shuffled]"
_FAILED = "test_no_state_of_what_follows_a_batch_that_failed_is_passed_on[foreman]"
_HANDED_OVER = "test_g02_a_signal_while_a_batch_is_handed_over[target_hiringcenter.foreman.Foreman.take]"
_NO_ANSWER = "test_g12_a_workflow_whose_create_had_no_answer_is_deleted[columns1]"
_TOUCHED = "test_what_a_row_was_found_by_is_touched_until_it_is_not_any_more"
_WAITS = "test_g05_a_record_that_waits_for_another_one_is_not_passed_over_when_it_comes_again"
_ANEW = "test_a_reference_to_a_row_that_was_made_anew_makes_it_unknown"
_G08 = "test_g08_nothing_in_a_field_does_what_the_policy_says"

TARGET = (
    Mutant(
        "G-01",
        _WRITER,
        "            entry.outcome = PENDING\n        self._save(tasks)\n",
        "            entry.outcome = PENDING\n",
        ("test_the_ledger_knows_of_a_write_before_it_is_sent", "test_g01_a_kill_costs_and_doubles_nothing"),
    ),
    Mutant(
        "G-01",
        _LEDGER,
        "            self._connection.exec_driver_sql(self._append, (self._number, stream, text))\n",
        "",
        ("test_g01_a_bulk_that_was_cut_off_is_not_forgotten_when_its_record_is_what_it_was_before",),
    ),
    Mutant(
        "G-01",
        _LEDGER,
        "                self._take_over()\n",
        "",
        ("test_g01_a_bulk_that_was_cut_off_is_not_forgotten_when_its_record_is_what_it_was_before",),
    ),
    Mutant(
        "G-01",
        _LEDGER,
        "entry.outcome == PENDING != known.outcome",
        "False",
        ("test_what_a_former_program_has_left_in_the_log_is_older_than_what_it_put_in_its_place[sqlite]",),
    ),
    Mutant(
        "G-01",
        _LEDGER,
        "        if stream == self._logged_of:",
        "        if False:",
        ("test_what_waits_in_the_log_is_found_there_and_by_the_next_run_in_its_place[sqlite-False]",),
    ),
    Mutant(
        "G-01",
        _LEDGER,
        "if keys and len(keys) == len(self._moving):",
        "if keys:",
        ("test_what_waits_in_the_log_is_found_wherever_a_run_is_killed",),
    ),
    Mutant("G-01", _WRITER, "task.is_resumed = entry.outcome == PENDING", "task.is_resumed = False", ("test_g01_a_kill_costs_and_doubles_nothing",)),
    Mutant(
        "G-02",
        _TARGET,
        "            self._is_stopping = True\n",
        '            self._is_stopping = True\n            self._pass_on(self._latest_state or {"early": True})\n',
        ("test_g02_a_signal_while_an_answer_is_awaited", "test_g02_a_signal_while_input_is_awaited"),
    ),
    Mutant(
        "G-02",
        "target_hiringcenter/desk.py",
        "wait([job.end for job in self._begun], _LAST_MOMENT)",
        "wait([job.end for job in self._begun])",
        ("test_g02_a_signal_while_nobody_takes_the_states",),
    ),
    Mutant("G-02", _TARGET, "with self._stopping.held_up():", "if True:", (_HANDED_OVER,)),
    Mutant(
        "G-02",
        _FOREMAN,
        "        if self._is_broken_off:\n            raise SystemEndedError(_BROKEN_OFF)\n",
        "",
        ("test_g02_a_signal_while_an_answer_is_awaited",),
    ),
    Mutant("G-03", _CLIENT, "found = done() if done else None", "found = None", (_G03,)),
    Mutant("G-03", _CLIENT, "key = self.key([task], what) if write.takes_key else None", "key = None", (_G04,)),
    Mutant("G-04", _CLIENT, "if error.exists or key is None or conflicts.is_out(error):", "if True:", (_G04,)),
    Mutant(
        "G-04", _CLIENT, "if error.exists or key is None or", "if key is None or", ("test_g04_a_thing_that_exists_already_is_refused_at_once[notes]",)
    ),
    Mutant("G-05", _BATCH, " or key in self._under_way}", "}", (_WAITS,)),
    Mutant("G-05", _BATCH, ", **{key: self._under_way[key] for key in keys & self._under_way.keys()}}", "}", (_WAITS,)),
    Mutant("G-05", _BATCH, "first.key not in self._under_way and ", "", (_WAITS,)),
    Mutant(
        "G-17",
        _FOREMAN,
        "bool(self._waiting) and self._waiting[0].sink is sink",
        "bool(self._waiting)",
        ("test_streams_of_several_systems_in_turns_go_each_to_its_own",),
    ),
    Mutant(
        "G-05",
        _ORDER,
        "touched.update(task.entry.match.split(), ",
        "touched.update(",
        ("test_g05_who_takes_over_an_e_mail_waits_for_who_gives_it_up[ledger-1-upsert]", _TOUCHED),
    ),
    Mutant(
        "G-05",
        _ORDER,
        "(*task.overtaken, self._latest.get(task.key))",
        "task.overtaken",
        ("test_g05_who_takes_over_an_e_mail_waits_for_who_gives_it_up[batch-1-upsert]",),
    ),
    Mutant(
        "G-05",
        _ORDER,
        "(*task.overtaken, self._latest.get(task.key))",
        "(self._latest.get(task.key),)",
        ("test_what_may_count_after_all_is_touched_as_well",),
    ),
    Mutant("G-05", _LOOKS, 'for code in ("", "1")', 'for code in ("",)', ("test_a_phone_is_touched_in_both_notations",)),
    Mutant("G-05", _CLIENT, "{task.key}.{task.entry.version}.{task.content}", "{task.key}.{task.content}", (_G05,)),
    Mutant(
        "G-05",
        _BATCH,
        "if of_key and task.form.covers(of_key[-1].form):",
        "if of_key:",
        ("test_a_record_is_not_overtaken_by_one_that_says_less",),
    ),
    Mutant("G-06", _BULK, "        self._send(tasks[half:])\n", "", ("test_g06_bad_rows_cost_only_themselves[bad1-whole-same]",)),
    Mutant("G-06", _BULK, "missing.append(task)", "confirmed.append(task)", (_G06,)),
    Mutant(
        "G-06",
        _BULK,
        "row = next((shown[key] for key in sorted(task.form.match) if key in shown), None)",
        "row = rows[list(tasks).index(task)] if len(rows) == len(tasks) else None",
        (_G06,),
    ),
    Mutant(
        "G-07",
        _ORDER,
        "if not locks.isdisjoint(bulk.locks):",
        "if False:",
        ("test_g07_writes_of_few_people_in_any_order_end_as_their_last_records_say[leads-0]",),
    ),
    Mutant(
        "G-08",
        "target_hiringcenter/sinks/hiringcenter.py",
        'clears=self.config["null_policy"] == "clear"',
        "clears=True",
        (_G08,),
    ),
    Mutant("G-08", _FIELDS, "if clears and field.is_clearable and", "if clears and", (f"{_G08}[prospects-clear-current-null]",)),
    Mutant("G-09", _CLIENT, "_LIMITED = 100", "_LIMITED = 3", ("test_g09_trouble_that_passes_costs_nothing[meetings]",)),
    Mutant("G-09", _CLIENT, "_TRIES = 10", "_TRIES = 2", ("test_g09_trouble_that_passes_costs_nothing[meetings]",)),
    Mutant(
        "G-10",
        _BATCH,
        "        except RejectedError as error:\n            task.outcome",
        "        except ZeroDivisionError as error:\n            task.outcome",
        ("test_g10_a_bad_value_is_rejected_with_its_reason_and_others_go_on[meetings]",),
    ),
    Mutant(
        "G-10",
        _BATCH,
        "if task.key and task.key not in self._entries:",
        "if False:",
        (
            "test_g10_a_record_that_refers_to_a_rejected_one_is_rejected_as_well",
            "test_a_reject_is_known_to_what_refers_to_it_and_takes_nothing_from_what_was_written",
        ),
    ),
    Mutant("G-11", _WRITER, 'task.warnings.append("accepted, but its phone was not kept")', "pass", ("test_g11_a_phone_that_the_api_drops_is_told",)),
    Mutant("G-12", _WRITER, "if form.look and (is_sure or is_open):", "if form.look and is_sure:", (_NO_ANSWER,)),
    Mutant(
        "G-12",
        _WRITER,
        "with suppress(NotFoundError):",
        "with suppress(ZeroDivisionError):",
        ("test_g12_a_row_that_another_one_has_deleted_is_no_error[meetings]",),
    ),
    Mutant(
        "G-12",
        "target_hiringcenter/sinks/record.py",
        'if not self.config["allow_deletes"]:',
        "if False:",
        ("test_g12_a_delete_that_is_not_allowed_is_a_reject_and_others_go_on[meetings]",),
    ),
    Mutant(
        "G-13",
        _LEDGER,
        'facts.get("version") != str(VERSION) or',
        "",
        ("test_g13_a_ledger_that_cannot_be_trusted_ends_the_run_before_the_first_write[_other_version]",),
    ),
    Mutant(
        "G-13",
        "target_hiringcenter/databases.py",
        'connection.exec_driver_sql("PRAGMA locking_mode = EXCLUSIVE")',
        "pass",
        ("test_g13_a_run_that_finds_the_ledger_in_use_writes_nothing[sqlite]",),
    ),
    Mutant(
        "G-13",
        _WRITER,
        "if form.look and (is_sure or is_open):",
        "if False:",
        ("test_g13_without_its_ledger_nothing_is_made_twice[ignored-current]",),
    ),
    Mutant(
        "G-14",
        _BATCH,
        "return self._fingerprints.of(whole, entry.content) == entry.fingerprint",
        "return True",
        ("test_g14_only_what_changed_is_written", "test_another_value_another_setting_and_another_version_make_it_unknown"),
    ),
    Mutant(
        "G-15", _ACCESS, "        if missing:", "        if False:", ("test_g15_a_key_without_the_scope_of_a_stream_writes_nothing_of_it[leads]",)
    ),
    Mutant("G-15", _ACCESS, 'found.get("read_only") is True or', "", ("test_g15_a_key_that_may_only_read_writes_nothing",)),
    Mutant(
        "G-15",
        _ACCESS,
        "            self._ledger.belongs_to(system.name, str(account))",
        "            pass",
        ("test_g15_a_key_of_another_account_than_the_ledgers_writes_nothing",),
    ),
    Mutant(
        "G-16",
        "target_hiringcenter/rows.py",
        "return all(name in row",
        "return False and all(name in row",
        ("test_g16_a_warehouse_row_of_the_same_account_changes_the_row_that_it_came_from",),
    ),
    Mutant(
        "G-16", _BATCH, "found[column] = entry.remote_id", "pass", ("test_g16_a_copy_is_the_same_in_every_field_that_can_be_written[bulk-current]",)
    ),
    Mutant(
        "G-17",
        _TARGET,
        "            self.drain_one(self._sinks_active[stream_name])",
        "            pass",
        ("test_g17_what_came_under_an_old_schema_goes_before_what_fills_a_batch_under_the_new_one",),
    ),
    Mutant(
        "G-17",
        _TARGET,
        "except RecordsWithoutSchemaException as error:",
        "except ZeroDivisionError as error:",
        ("test_g17_input_that_can_not_be_read_ends_the_run_with_a_clear_error",),
    ),
    # Promises of a target that no row of the list of faults is about.
    Mutant("5.1", _WRITER, "entry.version += 1", "entry.version = 1", (_G05,)),
    Mutant(
        "5.2",
        _TARGET,
        "all(sink is but or sink.current_size == 0 for sink in (*self._sinks_active.values(), *self._sinks_to_clear))",
        "True",
        ("test_a_state_waits_for_every_stream",),
    ),
    Mutant(
        "5.2",
        _TARGET,
        "        self._finish()\n        self._pass_on(state)",
        "        self._pass_on(state)",
        ("test_a_state_is_passed_on_as_soon_as_what_it_covers_is_written",),
    ),
    Mutant(
        "5.2",
        _TARGET,
        "None if state is None else partial(self._pass_on, state)",
        "None",
        ("test_a_state_is_passed_on_though_nothing_comes_after_its_batch",),
    ),
    Mutant(
        "5.2",
        _FOREMAN,
        "            job.end.set_exception(error)\n",
        "            if job.then:\n                job.then()\n            job.end.set_exception(error)\n",
        ("test_no_state_is_passed_on_over_what_a_broken_off_run_left",),
    ),
    Mutant("5.2", _FOREMAN, "            if self._failure:\n", "            if False:\n", (_FAILED,)),
    Mutant(
        "5.2",
        _FOREMAN,
        "return self.are_all_made and not self.groups",
        "return self.are_all_made",
        ("test_a_state_waits_for_the_batches_before_its_own",),
    ),
    Mutant(
        "5.3",
        _FOREMAN,
        "            if task.outcome is None:",
        "            if task.outcome in {None, Outcome.UNCHANGED}:",
        ("test_a_run_knows_again_what_the_one_before_has_written",),
    ),
    Mutant("5.3", _FOREMAN, "entry.outcomes[Outcome.UNCHANGED] += known", "pass", ("test_g14_only_what_changed_is_written",)),
    Mutant(
        "5.4",
        _BULK,
        "if row is None:\n                missing",
        "if False:\n                missing",
        (_G06,),
    ),
    Mutant(
        "5.5",
        _BATCH,
        "return task.entry.content == task.content and",
        "return False and",
        ("test_what_asks_for_the_same_in_another_form_is_told_once",),
    ),
    Mutant(
        "5.5",
        _BATCH,
        "if entry is None or not entry.fingerprint or entry.outcome not in _DONE:",
        "if entry is None:",
        ("test_a_record_is_known_when_it_was_done_last",),
    ),
    Mutant(
        "5.5",
        _BATCH,
        "if not key or number > 1 or key in",
        "if not key or key in",
        ("test_records_of_one_key_in_one_batch_are_not_passed_over_one_by_one",),
    ),
    Mutant("5.5", _PRINTS, ", key=self._key", "", ("test_another_value_another_setting_and_another_version_make_it_unknown",)),
    Mutant("5.5", _PRINTS, "packed + content.encode()", "packed", ("test_a_fingerprint_tells_nothing_of_another_content",)),
    Mutant("5.5", _BATCH, "whole = self._whole(record)\n        except", "whole = record\n        except", (_ANEW,)),
    Mutant("5.5", _WRITER, "entry.fingerprint = task.fingerprint", "pass", ("test_a_run_knows_again_what_the_one_before_has_written",)),
    Mutant(
        "5.5",
        _WRITER,
        "task.entry.settle(REJECTED)",
        "task.entry.settle(WRITTEN)",
        ("test_g10_a_rejected_record_is_tried_again_when_it_comes_again",),
    ),
    Mutant(
        "5.6",
        _ACCESS,
        "        if system not in self._transports:",
        "        if False:",
        ("test_g15_a_system_without_a_key_is_named_before_anything_is_written",),
    ),
    Mutant(
        "J6",
        _TARGET,
        'return int(rejected > self.config["max_rejects"])',
        "return 0",
        ("test_more_rejects_than_max_rejects_make_the_exit_code_non_zero",),
    ),
)
