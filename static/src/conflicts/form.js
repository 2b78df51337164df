import { Component, onWillStart, onWillUpdateProps, useState } from "@odoo/owl";
import { RPCError } from "@web/core/network/rpc";
import { useService } from "@web/core/utils/hooks";
import { withHelp } from "@connector/window_actions";
import { patch } from "@web/core/utils/patch";
import { FormController } from "@web/views/form/form_controller";
import { session } from "@web/session";
import { useConnectorUpdates } from "../updates";

/** How many fields of a record wait for a decision, above its form. */
export class RecordConflicts extends Component {
    static template = "connector.RecordConflicts";
    static props = { model: String, resId: Number };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ count: 0 });
        onWillStart(() => {
            // The form does not wait for the answer.
            this.read(this.props);
        });
        onWillUpdateProps((props) => {
            if (props.resId !== this.props.resId) {
                this.state.count = 0;
            }
            this.read(props);
        });
        useConnectorUpdates(() => this.read(this.props));
    }

    async read({ model, resId }) {
        try {
            const count = await this.orm.silent.call("connector.conflict", "count_of", [
                model,
                resId,
            ]);
            if (resId === this.props.resId) {
                this.state.count = count;
            }
        } catch (error) {
            // A connector that fails must not disturb a form of another addon.
            if (!(error instanceof RPCError)) {
                throw error;
            }
        }
    }

    async open() {
        const { model, resId } = this.props;
        const method = "action_open_record_conflicts";
        const action = await this.orm.call("connector.conflict", method, [model, resId]);
        await this.action.doAction(withHelp(action));
    }
}

patch(FormController, {
    components: { ...FormController.components, RecordConflicts },
});

patch(FormController.prototype, {
    get hasConnectorLinks() {
        const { resModel, resId } = this.model.root;
        return Boolean(
            resId && session.connector_linked_models?.includes(resModel)
        );
    },
});
