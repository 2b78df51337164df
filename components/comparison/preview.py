# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Say what a synchronisation of one record would do."""

from odoo.addons.component.core import Component

from ...jobs.directions import EXPORT, IMPORT
from ...tools.external_id import is_external_id
from .presentation import Presentation
from .result import DIFFERS, FAILED, KEPT, NEW, UNKNOWN


class RecordPreview(Component):
    """Say what an export or an import of one record would do, and do nothing."""

    _name = "connector.record.preview"
    _inherit = "base.connector"
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
        :return: what the screen shows
        :rtype: dict
        """
        comparer = self.comparer
        data = problem = None
        if is_external_id(external_id):
            try:
                data = comparer.read(external_id)
            except Exception as error:
                problem = comparer.explain(error)
        directions = self._directions(binding, external_id)
        if not directions[direction]:
            return self._page(directions, [], self._impossible(direction), "wait")
        if direction == IMPORT:
            return self._import(directions, binding, external_id, data, problem)
        return self._export(directions, binding, external_id, data, problem)

    def _directions(self, binding, external_id):
        return {
            EXPORT: bool(binding and self.comparer.mapper(EXPORT)),
            IMPORT: bool(is_external_id(external_id) and self.comparer.mapper(IMPORT)),
        }

    def _impossible(self, direction):
        if direction == EXPORT:
            return self.reader._("This record cannot be exported by the connector.")
        return self.reader._(
            "This record cannot be imported: the backend has none yet."
        )

    # -- export

    def _export(self, directions, binding, external_id, data, problem):
        comparer = self.comparer
        result = comparer.compare_export(binding, external_id, data)
        comparer.add_context(result, binding, external_id, data)
        if problem:
            result.is_gone = result.creates = False
            result.by_field = False
            for each in result.fields:
                each.state = UNKNOWN if each.state == NEW else each.state
        parts = [self._part(result, binding)]
        imported = None
        if not result.by_field and data is not None and directions[IMPORT]:
            imported = comparer.compare_import(external_id, data, binding)
            parts.append(self._part(imported, binding))
            parts[1]["caption"] = self.reader._(
                "The values of this backend have another form, so that they cannot be "
                "compared field by field. Compare what an import would make of them:"
            )
        sentence, tone = self._export_sentence(result, imported, external_id)
        return self._page(
            directions, parts, sentence, tone, result=result, problem=problem
        )

    def _export_sentence(self, result, imported, external_id):
        failed = _count(result, FAILED)
        if failed or result.errors:
            return self._failure_sentence(failed, EXPORT), "act"
        if result.skip_reason:
            return result.skip_reason, "wait"
        if result.is_gone:
            return self.reader._(
                "The backend no longer has the record %s.", external_id
            ), "act"
        if result.creates:
            return self.reader._(
                "An export would create the record on the backend."
            ), "change"
        if imported:
            changed = _count(imported, DIFFERS)
            if changed:
                return self.reader._(
                    "Both sides differ in %s fields.", changed
                ), "change"
            return self.reader._("Both sides have the same values."), "same"
        if not result.by_field:
            return self.reader._(
                "What the backend has cannot be compared field by field."
            ), "wait"
        changed, unknown = _count(result, DIFFERS), _count(result, UNKNOWN)
        if changed:
            total = len(result.fields)
            text = self.reader._(
                "An export would change %(count)s of %(total)s fields.",
                count=changed,
                total=total,
            )
            return text, "change"
        if unknown:
            return self.reader._(
                "All fields that can be compared have the same values."
            ), "same"
        return self.reader._(
            "Both sides have the same values. Nothing would change."
        ), "same"

    # -- import

    def _import(self, directions, binding, external_id, data, problem):
        if data is None:
            gone = self.reader._("The backend has no record %s.", external_id)
            sentence = self.reader._("The record cannot be read.") if problem else gone
            return self._page(directions, [], sentence, "act", problem=problem)
        comparer = self.comparer
        result = comparer.compare_import(external_id, data, binding)
        comparer.add_context(result, binding, external_id, data)
        part = self._part(result, binding)
        matches = None if binding else comparer.match(external_id, data)
        sentence, tone = self._import_sentence(result, matches)
        return self._page(directions, [part], sentence, tone, result=result)

    def _import_sentence(self, result, matches):
        failed = _count(result, FAILED)
        if failed or result.errors:
            return self._failure_sentence(failed, IMPORT), "act"
        if result.skip_reason:
            return result.skip_reason, "wait"
        if matches and len(matches) > 1:
            return self.reader._("The record matches several records of Odoo."), "act"
        if matches:
            name = matches.display_name
            return self.reader._(
                "An import would link the record with %s.", name
            ), "change"
        if result.creates:
            return self.reader._("An import would create the record in Odoo."), "change"
        changed, kept = _count(result, DIFFERS), _count(result, KEPT)
        if changed:
            total = len(result.fields)
            text = self.reader._(
                "An import would change %(count)s of %(total)s fields.",
                count=changed,
                total=total,
            )
            return text, "change"
        if kept:
            return self.reader._(
                "Changes in Odoo wait for their export, and are kept."
            ), "wait"
        return self.reader._(
            "Both sides have the same values. Nothing would change."
        ), "same"

    # -- the page

    def _failure_sentence(self, count, direction):
        if not count:
            return self.reader._("The synchronisation of this record would fail.")
        if direction == EXPORT:
            return self.reader._(
                "%s values cannot be mapped, so an export would fail.", count
            )
        return self.reader._(
            "%s values cannot be mapped, so an import would fail.", count
        )

    def _part(self, result, binding):
        binding = binding or self.model.browse()
        rows = Presentation(self.comparer, result, binding).rows()
        return {"direction": result.direction, "caption": "", "rows": rows}

    def _page(self, directions, parts, sentence, tone, result=None, problem=None):
        dependencies = result and result.dependencies
        return {
            "directions": directions,
            "parts": parts,
            "sentence": sentence,
            "tone": tone,
            "problem": problem or "",
            "errors": list(result.errors) if result else [],
            "dependencies": [
                {
                    "label": each.label,
                    "isThere": each.is_there,
                    "isUpdated": each.is_updated,
                }
                for each in dependencies or ()
            ],
        }


def _count(result, state):
    return sum(each.state == state for each in result.fields)
