# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Say what a synchronisation of one record would do."""

from odoo.addons.component.core import Component

from ...jobs.methods import EXPORT, IMPORT
from ...tools.external_id import is_external_id
from .presentation import Presentation
from .result import DIFFERS, FAILED, KEPT, NEW, UNKNOWN


class RecordPreview(Component):
    """Say what an export or an import of one record would do, and do nothing."""

    _name = "connector.record.preview"
    _inherit = "connector.found.by.usage"
    _usage = "record.preview"

    def __init__(self, work_context):
        super().__init__(work_context)
        self.comparer = self.component(usage="record.comparison")
        self.reader = self.comparer.reader

    def run(self, direction, binding, external_id):
        """Compare a record, for one direction.

        :param direction: ``"export"`` or ``"import"``
        :param binding: the binding, which may be empty for an import
        :param external_id: id of the record on the backend, false without one
        """
        comparer, page = self.comparer, {"problem": ""}
        data, has_id = None, is_external_id(external_id)
        if has_id:
            try:
                data = comparer.read(external_id)
            except Exception as error:
                page["problem"] = comparer.explain(error)
            page["recordName"] = comparer.record_name(external_id, data)
        page["directions"] = {
            EXPORT: bool(binding and comparer.mapper(EXPORT)),
            IMPORT: bool(has_id and comparer.mapper(IMPORT)),
        }
        if not page["directions"][direction]:
            return self._page(page, self._impossible(direction), "wait")
        if direction == IMPORT:
            return self._import(page, binding, external_id, data)
        return self._export(page, binding, external_id, data)

    def _impossible(self, direction):
        if direction == EXPORT:
            return self.reader._("This record cannot be exported by the connector.")
        return self.reader._(
            "This record cannot be imported: the backend has none yet."
        )

    def _export(self, page, binding, external_id, data):
        comparer, imported = self.comparer, None
        result = comparer.compare_export(binding, external_id, data)
        comparer.foresee(result, binding, external_id, data)
        if page["problem"]:
            result.is_gone = result.creates = result.by_field = False
            for each in result.fields:
                each.state = UNKNOWN if each.state == NEW else each.state
        parts = [self._part(result, binding)]
        if not result.by_field and data is not None and page["directions"][IMPORT]:
            imported = comparer.compare_import(external_id, data, binding)
            caption = self.reader._(
                "The backend returns other fields, so the values cannot be compared "
                "one by one. Compare what an import would make of them:"
            )
            parts.append(self._part(imported, binding, caption))
        sentence, tone = self._trouble(result) or self._export_sentence(
            result, imported, external_id
        )
        return self._page(page, sentence, tone, parts, result)

    def _import(self, page, binding, external_id, data):
        comparer = self.comparer
        if data is None:
            sentence = self.reader._("The backend has no record %s.", external_id)
            if page["problem"]:
                sentence = self.reader._("The record cannot be read.")
            return self._page(page, sentence, "act")
        result = comparer.compare_import(external_id, data, binding)
        comparer.foresee(result, binding, external_id, data)
        parts = [self._part(result, binding)]
        matches = None if binding else comparer.match(external_id, data)
        sentence, tone = self._trouble(result) or self._import_sentence(result, matches)
        return self._page(page, sentence, tone, parts, result)

    # -- what would happen, as a sentence and a tone

    def _trouble(self, result):
        failed = result.count(FAILED)
        if not failed and not result.refusals:
            return result.skip_reason and (result.skip_reason, "wait")
        if not failed:
            text = self.reader._("The synchronisation of this record would fail.")
        elif failed == 1 and result.direction == EXPORT:
            text = self.reader._("1 value is not valid, so an export would fail.")
        elif failed == 1:
            text = self.reader._("1 value is not valid, so an import would fail.")
        elif result.direction == EXPORT:
            text = self.reader._(
                "%s values cannot be mapped, so an export would fail.", failed
            )
        else:
            text = self.reader._(
                "%s values cannot be mapped, so an import would fail.", failed
            )
        return text, "act"

    def _export_sentence(self, result, imported, external_id):
        changed = (imported or result).count(DIFFERS)
        counts = {"count": changed, "total": len(result.fields)}
        tone = "change" if changed else "same"
        if result.is_gone:
            tone = "act"
            text = self.reader._(
                "The backend no longer has the record %s.", external_id
            )
        elif result.match is not None:
            tone = "change"
            text = self.reader._(
                "An export would link the record with %s on the backend, and update "
                "that.",
                result.match,
            )
        elif result.creates:
            tone = "change"
            text = self.reader._("An export would create the record on the backend.")
        elif imported and changed == 1:
            text = self.reader._("Both sides differ in 1 field.")
        elif imported and changed:
            text = self.reader._("Both sides differ in %s fields.", changed)
        elif imported:
            tone = "wait"
            text = self.reader._(
                "The fields of an export cannot be compared. An import would change "
                "nothing."
            )
        elif not result.by_field:
            tone = "wait"
            text = self.reader._(
                "What the backend has cannot be compared field by field."
            )
        elif changed:
            text = self.reader._(
                "An export would change %(count)s of %(total)s fields.", **counts
            )
        elif result.count(UNKNOWN):
            text = self.reader._(
                "All fields that can be compared have the same values."
            )
        else:
            text = self._nothing_changes()
        return text, tone

    def _import_sentence(self, result, matches):
        changed, tone = result.count(DIFFERS), "change"
        counts = {"count": changed, "total": len(result.fields)}
        if matches and len(matches) > 1:
            tone = "act"
            text = self.reader._("The record matches several records of Odoo.")
        elif matches:
            name = matches.display_name
            text = self.reader._("An import would link the record with %s.", name)
        elif result.creates:
            text = self.reader._("An import would create the record in Odoo.")
        elif changed:
            text = self.reader._(
                "An import would change %(count)s of %(total)s fields.", **counts
            )
        elif result.count(KEPT):
            tone = "wait"
            text = self.reader._("Changes in Odoo wait for their export, and are kept.")
        else:
            text, tone = self._nothing_changes(), "same"
        return text, tone

    def _nothing_changes(self):
        return self.reader._("Both sides have the same values. Nothing would change.")

    # -- the page

    def _part(self, result, binding, caption=""):
        rows = Presentation(
            self.comparer, result, binding or self.model.browse()
        ).rows()
        return {"direction": result.direction, "caption": caption, "rows": rows}

    def _page(self, page, sentence, tone, parts=(), result=None):
        return {
            **page,
            "sentence": sentence,
            "tone": tone,
            "parts": list(parts),
            "errors": list(result.errors) if result else [],
            "dependencies": (result and result.dependencies) or [],
        }
