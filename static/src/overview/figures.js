import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { formatInteger } from "@web/views/fields/formatters";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { withHelp } from "@connector/window_actions";

/** Figures that are shown only when they are not 0, the worst first. */
const OTHERS = [
    { name: "failed", label: _t("failed"), style: "text-bg-danger" },
    { name: "conflicts", label: _t("changed on both sides"), style: "text-bg-warning" },
    { name: "unconfirmed", label: _t("unconfirmed"), style: "text-bg-warning" },
    { name: "running", label: _t("running"), style: "text-bg-info" },
    { name: "waiting", label: _t("waiting"), style: "text-bg-light border" },
    { name: "never", label: _t("never exported"), style: "text-bg-light border" },
];

/** For each kind of record, how many are linked, wait, failed, ... */
export class FiguresField extends Component {
    static template = "connector.FiguresField";
    static props = { ...standardFieldProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.formatInteger = formatInteger;
    }

    get kinds() {
        return this.props.record.data[this.props.name] || [];
    }

    /** The figures beside the number of links, as far as they are not 0. */
    others(kind) {
        return OTHERS.filter(({ name }) => kind[name]);
    }

    canOpen(kind, name) {
        return kind[name] > 0 && kind.opens.includes(name);
    }

    /** Widths of the parts of the bar, in per cent. */
    parts(kind) {
        const open = kind.waiting + kind.running;
        const counted = kind.failed + open + kind.never;
        const total = Math.max(kind.linked + kind.never, counted, 1);
        const rest = total - counted;
        return [
            { style: "bg-success", value: rest },
            { style: "bg-info", value: open },
            { style: "bg-danger", value: kind.failed },
        ]
            .filter(({ value }) => value)
            .map(({ style, value }) => ({ style, width: (100 * value) / total }));
    }

    async open(kind, name) {
        const { resModel, resId } = this.props.record;
        const action = await this.orm.call(resModel, "action_open_figure", [
            [resId],
            kind.model,
            name,
        ]);
        await this.action.doAction(withHelp(action));
    }
}

registry.category("fields").add("connector_figures", {
    component: FiguresField,
    displayName: _t("Figures of a Backend"),
    supportedTypes: ["json"],
});
