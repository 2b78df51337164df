import { Component, onMounted, onWillUpdateProps, useState } from "@odoo/owl";
import { useConnectorUpdates } from "@connector/updates";
import { _t } from "@web/core/l10n/translation";
import { RPCError } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

/** The words for the states of a link. */
export const STATES = {
    failed: _t("Failed"),
    unconfirmed: _t("Unconfirmed"),
    waiting: _t("Waiting"),
    never: _t("Never exported"),
    linked: _t("In sync"),
};

const NOTHING = { count: 0, state: false };

/**
 * The smart button *Connectors*: how many links a record has, and a dot for the worst.
 */
export class LinksButton extends Component {
    static template = "connector.LinksButton";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ ...NOTHING });
        // The form does not wait for the answer.
        onMounted(() => this.read(this.props));
        onWillUpdateProps((props) => {
            this.read(props);
        });
        useConnectorUpdates(() => this.read(this.props), {
            isBusy: () => this.state.state === "waiting",
        });
    }

    get words() {
        return STATES[this.state.state];
    }

    async read({ record }) {
        const asked = (this.asked = {});
        const summary = record.resId ? await this.summary(record) : NOTHING;
        // Another record may be shown by now.
        if (asked === this.asked) {
            Object.assign(this.state, summary);
        }
    }

    async summary({ resModel, resId }) {
        try {
            return await this.orm.silent.call("connector.link", "summary", [
                resModel,
                resId,
            ]);
        } catch (error) {
            // A connector that fails must not disturb a form of another addon.
            if (error instanceof RPCError) {
                return NOTHING;
            }
            throw error;
        }
    }

    open() {
        const { resModel, resId } = this.props.record;
        return this.action.doAction({
            type: "ir.actions.client",
            tag: "connector.links",
            name: _t("Connectors"),
            params: { model: resModel, res_id: resId },
        });
    }
}

registry.category("view_widgets").add("connector_links", { component: LinksButton });
