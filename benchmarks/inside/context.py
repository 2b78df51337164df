"""The records that works use, and the meter."""

from itertools import islice

from .meter import Meter

PARTNER = "benchmark.res.partner"
INDUSTRY = "benchmark.industry"
#: how many records a job of ours takes, its default
CHUNK = 100
#: how many records of its kind each work does before it is measured
WARM_UP = 20


class BenchmarkContext:
    """All that a work needs.

    :param env: ``Environment``
    :param watch: a ``cProfile.Profile``, or ``None``
    """

    def __init__(self, env, watch=None):
        self.env = env
        self.backend = env["benchmark.backend"].search([], limit=1)
        self.partners = env[PARTNER]
        self._watch = watch

    def meter(self):
        """Return a meter, which is used in a ``with`` block."""
        return Meter(self._watch)

    def start_afresh(self):
        """Commit, and forget what the ORM has read, as between two jobs."""
        self.env.cr.commit()
        self.env.invalidate_all()

    def make_older(self):
        """Let all partners be synchronised an hour ago, if it was in this minute.

        A date of the current second would save an update, or split it in two.
        """
        self.env.flush_all()
        self.env.cr.execute(
            """
            UPDATE benchmark_res_partner SET sync_date = sync_date - interval '1 hour'
            WHERE sync_date > (now() AT TIME ZONE 'UTC') - interval '1 minute'
            """
        )
        self.start_afresh()

    def set_backend(self, **values):
        """Let the backend be otherwise."""
        self.backend.write(values)
        self.start_afresh()

    def exported(self, count):
        """Return partners that the backend has."""
        return self._some(count, "!=")

    def not_exported(self, count):
        """Return partners that the backend does not have."""
        return self._some(count, "=")

    def new_ids(self, count):
        """Return ids of partners on the backend that Odoo does not have yet."""
        self.env.cr.execute("SELECT coalesce(max(id), 0) FROM benchmark_res_partner")
        first = 10_000_000 + self.env.cr.fetchone()[0]
        return [str(first + number) for number in range(count)]

    def _some(self, count, operator):
        domain = [("external_id", operator, False)]
        partners = self.partners.search(domain, limit=count, order="id")
        if len(partners) != count:
            raise ValueError(f"There are only {len(partners)} of {count} partners.")
        return partners


def chunks(ids):
    """Cut ids into as many as a job of ours takes."""
    iterator = iter(ids)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk
