# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Base of the tests that ask for previews."""

from .common import ImportCase


class PreviewCase(ImportCase):
    """A test with a connector that exports and imports contacts."""

    def preview(self, direction="export", binding=None, env=None, **params):
        """Return the preview of a binding, or of a record of the backend."""
        if binding:
            params |= {"model": binding._name, "res_id": binding.id}
        else:
            params = {
                "model": "connector.test.binding",
                "backend_model": self.shop._name,
                "backend_id": self.shop.id,
                **params,
            }
        previews = (env or self.env)["connector.preview"]
        return previews.preview({"direction": direction, **params})

    def rows(self, page, part=0):
        """Return the rows of a part of a preview by target."""
        return {row["target"]: row for row in page["parts"][part]["rows"]}

    def states(self, page, part=0):
        return {name: row["state"] for name, row in self.rows(page, part).items()}

    def linked(self, external_id="7", **values):
        """Return a binding that has a record on the backend."""
        return self.binding(external_id=external_id, **values)
