# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which errors concern the job, which the record, as PostgreSQL raises them."""

import time

import psycopg2
from psycopg2.pool import PoolError

from odoo.sql_db import ConnectionPool, connection_info_for
from odoo.tests import BaseCase, TransactionCase, get_db_name
from odoo.tools import mute_logger

from odoo.addons.connector.exception import (
    AccessRefusedError,
    BackendUnavailableError,
    InvalidDataError,
    LimitReachedError,
    MissingDependencyError,
    NetworkRetryableError,
    RetryableJobError,
)
from odoo.addons.connector.jobs.scope import (
    BACKEND,
    CONFLICT,
    JOB,
    RECORD,
    is_lost,
    scope_of,
)

PREPARED = """
    CREATE TEMPORARY TABLE parents (id int PRIMARY KEY, name text UNIQUE);
    CREATE TEMPORARY TABLE children (
        parent int NOT NULL REFERENCES parents, age int CHECK (age < 200),
        years int4range, EXCLUDE USING gist (years WITH &&)
    );
    INSERT INTO parents VALUES (1, 'Ada');
    CREATE FUNCTION pg_temp.endless(number int) RETURNS int LANGUAGE sql
        AS 'SELECT 1 WHERE number = 0';
    CREATE OR REPLACE FUNCTION pg_temp.endless(number int) RETURNS int LANGUAGE plpgsql
        AS 'BEGIN RETURN pg_temp.endless(number + 1); END';
"""
LONG = "(SELECT string_agg(md5(n::text), '') FROM generate_series(1, 200) AS n)"
#: Statements, with the SQLSTATE and the scope of their error.
STATEMENTS = (
    ("SELECT 1/0", "22012", RECORD),
    ("SELECT 'x'::int", "22P02", RECORD),
    ("SELECT 99999999999::int", "22003", RECORD),
    ("SELECT 'abcd'::varchar(9)::date", "22007", RECORD),
    ("SELECT chr(0)", "54000", RECORD),
    ("SELECT convert_from('\\xff', 'UTF8')", "22021", RECORD),
    ("SELECT '\"\\u0000\"'::jsonb", "22P05", RECORD),
    ("INSERT INTO children VALUES (NULL)", "23502", RECORD),
    ("INSERT INTO children VALUES (7)", "23503", RECORD),
    ("INSERT INTO parents VALUES (2, 'Ada')", "23505", RECORD),
    ("INSERT INTO children VALUES (1, 300)", "23514", RECORD),
    (
        "INSERT INTO children VALUES (1, 1, '[1,3)'), (1, 1, '[2,4)')",
        "23P01",
        RECORD,
    ),
    (f"INSERT INTO parents VALUES (3, {LONG})", "54000", RECORD),
    ("SELECT pg_temp.endless(1)", "54001", RECORD),
    ("SELECT nothing FROM parents", "42703", RECORD),
    ("SELECT * FROM nowhere", "42P01", RECORD),
    ("DO $$ BEGIN RAISE 'no'; END $$", "P0001", RECORD),
    ("SET LOCAL statement_timeout = 10; SELECT pg_sleep(9)", "57014", RECORD),
    ("SET TRANSACTION READ ONLY; CREATE TABLE x (y int)", "25006", JOB),
)
#: What a test cannot provoke without harm to the server; it raises it itself.
RAISED = (
    ("08006", JOB),
    ("28000", JOB),
    ("40001", CONFLICT),
    ("40003", JOB),
    ("40P01", CONFLICT),
    ("53100", JOB),
    ("53200", JOB),
    ("53300", JOB),
    ("55000", RECORD),
    ("55P03", CONFLICT),
    ("57P01", JOB),
    ("57P03", JOB),
    ("58030", JOB),
    ("XX000", RECORD),
)


class TestErrorsOfConnectors(BaseCase):
    def test_the_scope_of_each(self):
        for error, expected in (
            (AccessRefusedError("401"), JOB),
            (BackendUnavailableError("503"), JOB),
            (LimitReachedError("429"), JOB),
            (NetworkRetryableError("down", ignore_retry=True), JOB),
            (NetworkRetryableError("500"), BACKEND),
            (InvalidDataError("no e-mail"), RECORD),
            (MissingDependencyError("no product"), RECORD),
            (RetryableJobError("locked", ignore_retry=True), RECORD),
            (ValueError("A string literal cannot contain NUL"), RECORD),
        ):
            with self.subTest(error):
                self.assertEqual(scope_of(error), expected)


class TestErrorsOfTheDatabase(TransactionCase):
    def setUp(self):
        super().setUp()
        self.cr.execute(PREPARED)

    @mute_logger("odoo.sql_db")
    def error_of(self, statement):
        with self.assertRaises(psycopg2.Error) as raised, self.cr.savepoint():
            self.cr.execute(statement)
        return raised.exception

    def test_statements_that_fail(self):
        for statement, state, expected in STATEMENTS:
            with self.subTest(statement):
                error = self.error_of(statement)
                self.assertEqual((error.pgcode, scope_of(error)), (state, expected))
                self.assertFalse(is_lost(error))

    def test_states_that_are_raised(self):
        for state, expected in RAISED:
            with self.subTest(state):
                raising = f"RAISE EXCEPTION USING ERRCODE = '{state}'"
                error = self.error_of(f"DO $$ BEGIN {raising}; END $$")
                self.assertEqual((error.pgcode, scope_of(error)), (state, expected))


class TestConnections(BaseCase):
    """Each test has a connection of its own, and may end it."""

    def connect(self, **options):
        _name, info = connection_info_for(get_db_name())
        connection = psycopg2.connect(**{**info, **options})
        self.addCleanup(connection.close)
        return connection

    def error_of(self, connection, *statements):
        with self.assertRaises(psycopg2.Error) as raised:
            for statement in statements:
                connection.cursor().execute(statement)
        return raised.exception

    def assert_ends_the_job(self, error):
        self.assertEqual(scope_of(error), JOB)

    def test_a_session_that_an_administrator_has_ended(self):
        error = self.error_of(
            self.connect(), "SELECT pg_terminate_backend(pg_backend_pid())"
        )
        self.assert_ends_the_job(error)
        self.assertTrue(is_lost(error))

    def test_a_session_that_was_idle_for_too_long(self):
        connection = self.connect(options="-c idle_in_transaction_session_timeout=10")
        connection.cursor().execute("SELECT 1")
        time.sleep(0.2)
        self.assert_ends_the_job(self.error_of(connection, "SELECT 1"))

    def test_a_transaction_that_an_error_has_ended(self):
        """A hook has kept the error of the statement before."""
        connection = self.connect()
        self.error_of(connection, "SELECT 1/0")
        error = self.error_of(connection, "SELECT 1")
        self.assertEqual((error.pgcode, scope_of(error)), ("25P02", RECORD))

    def test_a_connection_that_is_closed(self):
        connection = self.connect()
        connection.close()
        error = self.error_of(connection, "SELECT 1")
        self.assert_ends_the_job(error)
        self.assertTrue(is_lost(error))

    def test_a_server_that_accepts_no_connection(self):
        for options in ({"port": 1, "host": "127.0.0.1"}, {"database": "no_database"}):
            with self.subTest(options), self.assertRaises(psycopg2.Error) as raised:
                self.connect(**options)
            self.assert_ends_the_job(raised.exception)
            self.assertFalse(is_lost(raised.exception))

    def test_a_pool_without_a_free_connection(self):
        pool = ConnectionPool(maxconn=1)
        _name, info = connection_info_for(get_db_name())
        pool.borrow(info)
        self.addCleanup(pool.close_all)
        with self.assertRaises(PoolError) as raised:
            pool.borrow(info)
        self.assert_ends_the_job(raised.exception)

    def test_locks_and_conflicts_concern_a_transaction(self):
        one, two = self.connect(), self.connect()
        one.set_isolation_level(2), two.set_isolation_level(2)
        one.cursor().execute("CREATE TABLE test_scope (id int)")
        one.cursor().execute("INSERT INTO test_scope VALUES (1)")
        one.commit()
        self.addCleanup(self.drop)
        one.cursor().execute("UPDATE test_scope SET id = 2")
        locked = self.error_of(two, "SELECT id FROM test_scope FOR UPDATE NOWAIT")
        two.rollback()
        two.cursor().execute("SELECT id FROM test_scope")
        one.commit()
        changed = self.error_of(two, "UPDATE test_scope SET id = 3")
        self.assertEqual((locked.pgcode, changed.pgcode), ("55P03", "40001"))
        self.assertEqual((scope_of(locked), scope_of(changed)), (CONFLICT, CONFLICT))

    def drop(self):
        connection = self.connect()
        connection.cursor().execute("DROP TABLE test_scope")
        connection.commit()
