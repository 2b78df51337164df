import { Component, onMounted, useState } from "@odoo/owl";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { _t } from "@web/core/l10n/translation";
import { RPCError } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { session } from "@web/session";

/** The words for the states of a link. */
export const STATES = {
    failed: _t("Failed"),
    conflict: _t("Changed on both sides"),
    unconfirmed: _t("Unconfirmed"),
    waiting: _t("Waiting"),
    never: _t("Never exported"),
    linked: _t("In sync"),
};

/** *Connectors* in the menu of a form: how many links, and a dot for the worst. */
export class LinksMenu extends Component {
    static template = "connector.LinksMenu";
    static components = { DropdownItem };
    static props = {};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        const { resModel, resId } = this.env.model.root;
        this.params = { model: resModel, res_id: resId };
        this.state = useState({ count: 0, state: false });
        // The menu does not wait for the answer.
        onMounted(() => this.read());
    }

    get words() {
        return STATES[this.state.state];
    }

    async read() {
        const { model, res_id } = this.params;
        try {
            Object.assign(
                this.state,
                await this.orm.silent.call("connector.link", "summary", [model, res_id])
            );
        } catch (error) {
            // A connector that fails must not disturb a form of another addon.
            if (!(error instanceof RPCError)) {
                throw error;
            }
        }
    }

    open() {
        return this.action.doAction({
            type: "ir.actions.client",
            tag: "connector.links",
            name: _t("Connectors"),
            params: this.params,
        });
    }
}

registry.category("cogMenu").add("connector-links", {
    Component: LinksMenu,
    groupNumber: 0,
    isDisplayed: ({ config, model }) =>
        config.viewType === "form" &&
        Boolean(model?.root.resId) &&
        Boolean(session.connector_linked_models?.includes(model.root.resModel)),
});
