import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { deserializeDateTime, formatDateTime } from "@web/core/l10n/dates";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { splitDifference } from "../comparison/differences";

/** The values that one side has, who has changed them there, and when. */
export class ConflictSide extends Component {
    static template = "connector.ConflictSide";
    static props = { ...standardFieldProps, side: String };

    get data() {
        return this.props.record.data;
    }

    get isKept() {
        return this.data.winner === this.props.side;
    }

    get isLost() {
        return this.data.state === "settled" && this.data.winner && !this.isKept;
    }

    get rows() {
        const rows = this.data[this.props.name] || [];
        return rows.map((row) => {
            const { here, there } = splitDifference(row.odoo, row.backend);
            return {
                label: rows.length > 1 ? row.label : "",
                text: this.props.side === "odoo" ? here : there,
            };
        });
    }

    /** The moment of the change, and who has made it, as far as that is known. */
    get change() {
        if (this.props.side === "odoo") {
            const { user, at } = this.data.change_here || {};
            return { when: at && deserializeDateTime(at), who: user, label: _t("Changed") };
        }
        if (this.data.changed_at) {
            return { when: this.data.changed_at, label: _t("Changed") };
        }
        return { when: this.data.noted, label: _t("Found") };
    }

    exact(moment) {
        return formatDateTime(moment);
    }

    words(moment) {
        return moment.toRelative();
    }
}

registry.category("fields").add("connector_conflict_side", {
    component: ConflictSide,
    displayName: _t("Values of One Side"),
    supportedTypes: ["json"],
    extractProps: ({ options }) => ({ side: options.side }),
    fieldDependencies: [
        { name: "changed_at", type: "datetime" },
        { name: "change_here", type: "json" },
        { name: "noted", type: "datetime" },
        { name: "state", type: "selection" },
        { name: "winner", type: "selection" },
    ],
});
