import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const KINDS = [
    ["same", _t("the same"), "success"],
    ["differs", _t("differ"), "warning"],
    ["missing_here", _t("missing in Odoo"), "info"],
    ["missing_there", _t("missing on the backend"), "info"],
    ["twice", _t("linked twice"), "danger"],
    ["failed", _t("cannot be compared"), "danger"],
    ["unknown", _t("not comparable"), "secondary"],
];

/** The figures of a comparison, as a bar and in words. */
export class ComparisonFigures extends Component {
    static template = "connector.ComparisonFigures";
    static props = { figures: Object };

    get parts() {
        const { figures } = this.props;
        const total = KINDS.reduce((sum, [kind]) => sum + (figures[kind] || 0), 0);
        return KINDS.filter(([kind]) => figures[kind]).map(([kind, words, colour]) => ({
            kind,
            words,
            colour,
            count: figures[kind],
            share: (100 * figures[kind]) / total,
        }));
    }
}

/** The figures of a comparison in a list. */
class ComparisonFiguresField extends Component {
    static template = "connector.ComparisonFiguresField";
    static components = { ComparisonFigures };
    static props = { ...standardFieldProps };
}

registry.category("fields").add("connector_comparison_figures", {
    component: ComparisonFiguresField,
    displayName: _t("Figures of a comparison"),
    supportedTypes: ["json"],
});
