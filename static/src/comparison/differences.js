import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** Characters at both ends that two texts share; what lies between them differs. */
export function splitDifference(here, there) {
    const shorter = Math.min(here.length, there.length);
    let start = 0;
    while (start < shorter && here[start] === there[start]) {
        start++;
    }
    let end = 0;
    while (
        end < shorter - start &&
        here[here.length - 1 - end] === there[there.length - 1 - end]
    ) {
        end++;
    }
    const cut = (text) => ({
        before: text.slice(0, start),
        changed: text.slice(start, text.length - end),
        after: text.slice(text.length - end),
    });
    return { here: cut(here), there: cut(there) };
}

/** The fields that differ, the values of both sides one above the other. */
export class Differences extends Component {
    static template = "connector.Differences";
    static props = { ...standardFieldProps };

    get rows() {
        const rows = this.props.record.data[this.props.name] || [];
        return rows.map((row) => ({
            ...row,
            sides: splitDifference(row.here || "", row.there || ""),
        }));
    }
}

registry.category("fields").add("connector_differences", {
    component: Differences,
    displayName: _t("Differences"),
    supportedTypes: ["json"],
});
