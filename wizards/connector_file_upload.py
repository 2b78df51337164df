# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import base64
import posixpath

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.screen_actions import RELOAD, notification
from ..tools.bindings import model_label

FILE_IMPORTER = "connector.file.batch.importer"


class ConnectorFileUpload(models.TransientModel):
    """A file that a person gives to Odoo, in place of a server."""

    _name = "connector.file.upload"
    _description = "Upload a File"
    _inherit = "connector.kind.choice"

    name = fields.Char(string="File Name")
    content = fields.Binary(string="File", required=True)

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        if "kind" in fields_list and not self._kinds():
            raise UserError(self.env._("No backend of this database takes files."))
        return values

    def _kinds_of(self, state):
        backend = state.sudo()._backend()
        return [name for name in super()._kinds_of(state) if _importer(backend, name)]

    def action_upload(self):
        """Store the file, and delay the import of its records.

        :raise UserError: when it is not a file of this kind
        """
        self.ensure_one().check_access("read")
        state, files = self.state_id, self.env["connector.file"]
        backend = files._backend_to_start(
            state.backend_model, state.backend_id, self.kind
        )
        importer = _importer(backend, self.kind)
        name = posixpath.basename((self.name or "").replace("\\", "/"))
        if not (importer and importer.takes(name)):
            raise UserError(
                self.env._(
                    "%(name)s is not a file of this kind. Files for %(kind)s are "
                    "called %(patterns)s.",
                    name=name,
                    kind=model_label(self.env, self.kind),
                    patterns=", ".join(importer._formats if importer else ()) or "-",
                )
            )
        content = base64.b64decode(self.with_context(bin_size=False).content)
        files.store_upload(backend, self.kind, name, content)
        self.env[self.kind].with_delay().import_batch(backend)
        message = self.env._("%s was uploaded. Its records will be imported.", name)
        return notification(message, following=RELOAD)


def _importer(backend, model_name):
    """Return the importer of the files of a kind, ``None`` if it has no files."""
    if not backend:
        return None
    with backend.work_on(model_name) as work:
        base = work.components_registry[FILE_IMPORTER]
        found = work.many_components(usage="batch.importer")
        return next((each for each in found if isinstance(each, base)), None)
