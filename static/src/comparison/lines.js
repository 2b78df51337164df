import { Component, onWillStart, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { kanbanView } from "@web/views/kanban/kanban_view";
import { listView } from "@web/views/list/list_view";
import { liveController, useConnectorUpdates } from "../updates";
import { ComparisonFigures } from "./figures";

const FIELDS = ["figures", "note", "progress", "state"];

/** The result of a comparison, above the lines that differ. */
export class ComparisonHead extends Component {
    static template = "connector.ComparisonHead";
    static components = { ComparisonFigures };
    static props = { comparisonId: Number };

    setup() {
        this.orm = useService("orm");
        this.state = useState({ comparison: null });
        onWillStart(() => this.read());
        useConnectorUpdates(() => this.read(), { isBusy: () => this.isRunning });
    }

    get isRunning() {
        return this.state.comparison?.state === "running";
    }

    async read() {
        const ids = [this.props.comparisonId];
        const found = await this.orm.silent.read("connector.comparison", ids, FIELDS);
        this.state.comparison = found[0] || null;
    }
}

/** A list or cards of lines, below the result of their comparison. */
function linesController(Controller, template) {
    return class extends liveController(Controller) {
        static template = template;
        static components = { ...Controller.components, ComparisonHead };

        get comparisonId() {
            return this.props.context.connector_comparison_id;
        }
    };
}

registry.category("views").add("connector_comparison_lines_list", {
    ...listView,
    Controller: linesController(listView.Controller, "connector.ComparisonLinesList"),
});

registry.category("views").add("connector_comparison_lines_kanban", {
    ...kanbanView,
    Controller: linesController(
        kanbanView.Controller,
        "connector.ComparisonLinesKanban"
    ),
});
