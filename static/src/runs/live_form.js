import { registry } from "@web/core/registry";
import { formView } from "@web/views/form/form_view";
import { useConnectorUpdates } from "../updates";

/** A form that shows what jobs of connectors change, unless the user edits it. */
class LiveFormController extends formView.Controller {
    setup() {
        super.setup();
        useConnectorUpdates(() => this.readAgain(), { isBusy: () => this.isBusy });
    }

    /** Whether jobs run or wait, as far as the record shows it. */
    get isBusy() {
        return ["running", "paused"].includes(this.model.root.data.state);
    }

    async readAgain() {
        const { root } = this.model;
        if (root.resId && !(await root.isDirty())) {
            await root.load();
        }
    }
}

registry.category("views").add("connector_live_form", {
    ...formView,
    Controller: LiveFormController,
});
