import { Component, onWillStart, useState } from "@odoo/owl";
import { useConnectorUpdates } from "@connector/updates";
import { STATES } from "@connector/record/links_menu";
import { deserializeDateTime, formatDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

/** The words for the states of a job. */
const JOB_STATES = {
    running: _t("runs"),
    waiting: _t("waits"),
    retried: _t("will be retried"),
    done: _t("done"),
    failed: _t("failed"),
    cancelled: _t("cancelled"),
};

/** The screen *Connectors* of a record: each of its links, one after the other. */
export class RecordLinks extends Component {
    static template = "connector.RecordLinks";
    static components = { Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.notification = useService("notification");
        this.states = STATES;
        this.jobStates = JOB_STATES;
        const { params, context } = this.props.action;
        this.model = params?.model || context?.active_model;
        this.resId = params?.res_id || context?.active_id;
        if (this.model && this.resId) {
            // The address of the page leads to the record again.
            this.props.updateActionState?.({ model: this.model, resId: this.resId });
        } else {
            this.model = this.props.state?.model;
            this.resId = this.props.state?.resId;
        }
        this.data = useState({ name: "", links: [], canAct: false });
        onWillStart(() => this.read());
        useConnectorUpdates(() => this.read(), {
            isBusy: () => this.data.links.some((link) => link.state === "waiting"),
        });
    }

    async read() {
        const data = await this.orm.silent.call("connector.link", "links", [
            this.model,
            this.resId,
        ]);
        Object.assign(this.data, data);
        this.env.config.setDisplayName?.(_t("Connectors of %s", data.name));
    }

    moment(text) {
        return text ? formatDateTime(deserializeDateTime(text)) : "";
    }

    changedFields(changes) {
        return changes.fields.length ? changes.fields.join(", ") : _t("all fields");
    }

    others(job) {
        const count = job.records - 1;
        return count === 1 ? _t("with 1 other") : _t("with %s others", count);
    }

    async start(method, link) {
        const message = await this.orm.call("connector.link", method, [
            link.model,
            link.id,
        ]);
        this.notification.add(message, { type: "success" });
        await this.read();
    }

    preview(link, direction) {
        return this.action.doAction({
            type: "ir.actions.client",
            tag: "connector.preview",
            name: _t("Preview"),
            params: { model: link.model, res_id: link.id, direction },
        });
    }

    openJob(job) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "queue.job",
            res_id: job.id,
            views: [[false, "form"]],
        });
    }

    async openConflicts(link) {
        const method = "action_open_record_conflicts";
        const record = [link.model, link.id];
        const action = await this.orm.call("connector.conflict", method, record);
        return this.action.doAction(action);
    }

    openUnconfirmed() {
        return this.action.doAction("connector.connector_create_intent_action");
    }
}

registry.category("actions").add("connector.links", RecordLinks);
