# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Fields of connectors: secrets, and the records that bindings wrap."""

from psycopg2.extras import Json

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL, sql

from .exception import AccessRefusedError
from .tools.addresses import has_credentials, origin
from .tools.translatable import in_each_language, translatable

__all__ = ["Secret", "Wrapped", "reveal"]

#: The field with the address, unless a connector names another one.
ADDRESS = "url"

#: The start of each stored value. If PostgreSQL refuses a row, it names the first 64
#: characters of each of its values, and Odoo logs that.
START = {"_": "A secret of a backend, bound to the address to which it is sent"}


class Wrapped(fields.Many2one):
    """The Odoo record that a binding wraps, and with which it is deleted.

    The binding names it in ``_inherits``::

        _inherits = {"res.partner": "odoo_id"}

        odoo_id = Wrapped("res.partner", bindings="shop_bind_ids")

    :param comodel_name: name of the model of the record
    :param string: label of the field
    :param bindings: name of the field that this adds to the model of the record: a
        one2many to its bindings, whose label is the description of the binding
    """

    bindings = None

    def __init__(self, *args, **options):
        if args:  # A connector declares it.
            usual = {"required": True, "index": True, "ondelete": "cascade"}
            options = {**usual, **options}
        if len(args) == 1:
            options = {"string": "Linked Record", **options}
        super().__init__(*args, **options)

    def __set_name__(self, owner, name):
        super().__set_name__(owner, name)
        if self.bindings and getattr(owner, "pool", None) is None:
            label = vars(owner).get("_description")
            self.bindings_model = type(
                f"{owner.__name__}Wrapped",
                (models.Model,),
                {
                    "__module__": owner.__module__,
                    "_inherit": self.comodel_name,
                    self.bindings: fields.One2many(owner._name, name, label),
                },
            )


class Secret(fields.Field):
    """A secret that people enter, and that only :func:`reveal` returns.

    A connector declares it beside the address to which it is sent::

        url = fields.Char("Address", required=True)
        token = Secret(required=True)

    Reading it gives ``False``, to the superuser too. It cannot be searched, sorted,
    grouped, exported or copied. Writing ``False`` leaves the stored secret as it is.

    The secret is bound to the scheme, the host and the port of the address. A write
    that changes these without entering the secret again is refused. If they have
    changed by another way, :func:`reveal` refuses.

    The field ``token_status`` comes with ``token``. It tells people whether the secret
    is set, and whether they have to enter it again.

    :param string: label of the field
    :param address: name of the field with the address, by default ``url``; ``None`` for
        a secret that is sent to no address that people enter
    :param required: whether the connector cannot work without the secret
    :param groups: who may enter it, by default the managers of connectors

    If the table has a column of texts with the name of the field, an update of the
    addon turns its values into secrets for the addresses of that moment.
    """

    type = "char"
    copy = False
    exportable = False
    groups = "connector.group_connector_manager"
    write_sequence = 20  #: after the address
    address = ADDRESS

    # A related field, which has no secret to show, is one of texts.
    _related_size = None
    _related_translate = False
    _related_trim = False

    _description_searchable = False
    _description_sortable = False
    _description_groupable = False
    _description_required = False  # The stored one stays if nobody enters another.

    def __set_name__(self, owner, name):
        super().__set_name__(owner, name)
        of_registry = getattr(owner, "pool", None) is not None
        if of_registry or f"{name}_status" in vars(owner):
            return
        status = fields.Char(
            f"{self.string} Status", compute=_compute_status(name), groups=self.groups
        )
        setattr(owner, f"{name}_status", status)
        status.__set_name__(owner, f"{name}_status")

    @property
    def column(self):
        """The column of the table. No field has its name, so that none copies it."""
        return f"secret__{self.name}"

    # -- what the ORM sees

    def convert_to_cache(self, value, record, validate=True):
        return None

    def convert_to_write(self, value, record):
        return value

    def read(self, records):
        self._insert_cache(records, [None] * len(records))

    def write(self, records, value):
        self._update_cache(records, None)
        for record in records.filtered("id") if value else ():
            self._store(record, str(value))

    def to_sql(self, model, alias):
        raise AccessError(
            model.env._("%s is a secret: nobody can search, sort or group by it.", self)
        )

    # -- the secret

    def reveal(self, record):
        """Return the secret of a record, see :func:`reveal`."""
        sealed = self._sealed(record)
        if sealed and sealed["address"] == self._address_of(record):
            return sealed["secret"]
        texts = {
            "secret": in_each_language(record.env, self._description_string),
            "record": record.sudo().display_name,
        }
        if sealed:
            raise AccessRefusedError(
                translatable(record.env)._(
                    "The %(secret)s of %(record)s was entered for another address. "
                    "Enter it again.",
                    **texts,
                )
            )
        if self.required:
            raise AccessRefusedError(
                translatable(record.env)._(
                    "%(record)s has no %(secret)s. Enter it.", **texts
                )
            )
        return None

    def moved(self, records):
        """Return the records whose secret was entered for another address."""
        addresses = self._addresses(records)
        return records.filtered(
            lambda record: (
                record.id in addresses
                and addresses[record.id] != self._address_of(record)
            )
        )

    def _address_of(self, record):
        return origin(record.sudo()[self.address]) if self.address else None

    def _sealed(self, record):
        """Return the stored secret with its address, ``None`` if there is none."""
        query = SQL(
            "SELECT %s FROM %s WHERE id = %s",
            SQL.identifier(self.column),
            SQL.identifier(record._table),
            record._origin.id,
        )
        return next(iter(record.env.execute_query(query)), (None,))[0]

    def _addresses(self, records):
        """Return for which address each secret was entered, by id of its record."""
        query = SQL(
            "SELECT id, %(column)s->>'address' FROM %(table)s "
            "WHERE id = ANY(%(ids)s) AND %(column)s IS NOT NULL",
            column=SQL.identifier(self.column),
            table=SQL.identifier(records._table),
            ids=records.ids,
        )
        return dict(records.env.execute_query(query))

    def _store(self, record, secret):
        if "\0" in secret or secret != secret.encode(errors="ignore").decode():
            raise UserError(
                record.env._(
                    "The %s contains characters that Odoo cannot store.",
                    self._description_string(record.env),
                )
            )
        query = SQL(
            "UPDATE %s SET %s = %s WHERE id = %s",
            SQL.identifier(record._table),
            SQL.identifier(self.column),
            Json({**START, "secret": secret, "address": self._address_of(record)}),
            record.id,
        )
        # An error would be logged with the secret.
        record.env.cr.execute(query, log_exceptions=False)

    # -- the column

    def update_db(self, model, columns):
        cr, table = model.env.cr, model._table
        if self.column not in columns:
            sql.create_column(cr, table, self.column, "jsonb", self.string)
        if self.name in columns:
            self._move_column(model)
        return False

    def _move_column(self, model):
        """Turn a column of texts into secrets."""
        names = {
            "table": SQL.identifier(model._table),
            "old": SQL.identifier(self.name),
            "new": SQL.identifier(self.column),
        }
        model.env.cr.execute(
            SQL(
                "UPDATE %(table)s SET %(new)s = %(start)s || "
                "jsonb_build_object('secret', %(old)s) WHERE %(old)s > ''; "
                "ALTER TABLE %(table)s DROP COLUMN %(old)s",
                start=Json(START),
                **names,
            )
        )
        # The fields of the address may get their columns later.
        model.pool.post_init(self._bind_moved, model.env, names)

    def _bind_moved(self, env, names):
        query = "SELECT id FROM %(table)s WHERE NOT %(new)s ? 'address'"
        for (id_,) in env.execute_query(SQL(query, **names)):
            address = self._address_of(env[self.model_name].browse(id_))
            env.cr.execute(
                SQL(
                    "UPDATE %(table)s SET %(new)s = %(new)s || %(address)s "
                    "WHERE id = %(id)s",
                    address=Json({"address": address}),
                    id=id_,
                    **names,
                )
            )


def reveal(record, name):
    """Return a secret, if it was entered for the address that the record has now.

    :param record: record with the secret, such as a backend
    :param name: name of its field, which is a :class:`Secret`
    :return: ``None`` when there is none, and the field is not required
    :rtype: str | None
    :raise AccessRefusedError: when somebody has to enter the secret, or enter it again
    """
    return record._fields[name].reveal(record)


def _compute_status(name):
    """Return the method that computes the status of a secret."""

    @api.depends(lambda model: filter(None, (name, model._fields[name].address)))
    def compute(records):
        field, env = records._fields[name], records.env
        origins = records._origin._filtered_access("read")
        addresses = field._addresses(origins)
        for record in records:
            id_ = record._origin.id
            if id_ not in addresses:
                status = env._("Not set")
            elif addresses[id_] == field._address_of(record):
                status = env._("Set, enter to change")
            else:
                status = env._("Enter again: the address has changed")
            record[f"{name}_status"] = status

    return compute


def address_names(model):
    """Return the names of the fields in which people enter the address of a backend."""
    secrets = _secrets_of(model)
    found = {ADDRESS, *(secret.address for secret in secrets)}
    return [
        name
        for name, field in model._fields.items()
        if name in found and field.type == "char" and (field.store or field.inverse)
    ]


def check_addresses(records):
    """Refuse addresses that contain credentials, or that secrets were not entered for.

    :param records: backends
    :raise ValidationError: that says what to do
    """
    for record in records.sudo():
        if any(has_credentials(record[name]) for name in address_names(records)):
            raise ValidationError(
                records.env._(
                    "The address of %s contains a user name or a password. Enter them "
                    "in their own fields.",
                    record.display_name,
                )
            )
    for secret in _secrets_of(records):
        for record in secret.moved(records):
            raise ValidationError(
                records.env._(
                    "The address of %(record)s leads to another server now. Enter the "
                    "%(secret)s again, together with the address.",
                    record=record.sudo().display_name,
                    secret=secret._description_string(records.env),
                )
            )


def _secrets_of(model):
    return [field for field in model._fields.values() if isinstance(field, Secret)]
