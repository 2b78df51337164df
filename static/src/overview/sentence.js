import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const ICONS = { act: "fa-exclamation-triangle", wait: "fa-clock-o", nothing: "fa-check-circle" };

/** The sentence that says how a backend is doing, coloured by what has to be done. */
export class SentenceField extends Component {
    static template = "connector.SentenceField";
    static props = { ...standardFieldProps };

    get data() {
        return this.props.record.data;
    }

    /** Whether there is nothing to say yet, neither good nor bad. */
    get isQuiet() {
        return this.data.color === "nothing" && !this.data.figures?.length;
    }

    get icon() {
        if (this.isQuiet) {
            return "fa-circle-o";
        }
        return this.data.paused_since && this.data.color !== "act" ? "fa-pause-circle" : ICONS[this.data.color];
    }

    /** What has to be done, for screen readers. */
    get toDo() {
        const { selection } = this.props.record.fields.color;
        return Object.fromEntries(selection)[this.data.color];
    }
}

registry.category("fields").add("connector_sentence", {
    component: SentenceField,
    displayName: _t("Sentence about a Backend"),
    supportedTypes: ["char"],
    fieldDependencies: [
        { name: "color", type: "selection" },
        { name: "detail", type: "char" },
        { name: "figures", type: "json" },
        { name: "paused_since", type: "datetime" },
    ],
});
