import { registry } from "@web/core/registry";
import { KanbanRenderer } from "@web/views/kanban/kanban_renderer";
import { kanbanView } from "@web/views/kanban/kanban_view";

import { keyboardRenderer } from "../keyboard";
import { liveController } from "../updates";

export class OverviewController extends liveController(kanbanView.Controller) {
    get isBusy() {
        return this.model.root.records.some((record) => record.data.is_busy);
    }
}

export class OverviewRenderer extends keyboardRenderer(KanbanRenderer) {
    /** Cards stay in place when the records are read again, and keep the focus. */
    getGroupsOrRecords() {
        return super
            .getGroupsOrRecords()
            .map((item) => (item.record ? { ...item, key: item.record.resId } : item));
    }
}

registry.category("views").add("connector_overview", {
    ...kanbanView,
    Controller: OverviewController,
    Renderer: OverviewRenderer,
});
