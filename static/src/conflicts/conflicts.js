import { _t } from "@web/core/l10n/translation";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { registry } from "@web/core/registry";
import { kanbanView } from "@web/views/kanban/kanban_view";
import { listView } from "@web/views/list/list_view";
import { ListRenderer } from "@web/views/list/list_renderer";
import { onWillStart } from "@odoo/owl";

import { liveController } from "../updates";

/** A button sends what the person sees: a value that has changed is not decided. */
function conflictsController(Controller) {
    return class extends liveController(Controller) {
        get isBusy() {
            return this.model.root.records?.some(
                (record) => record.data.state === "decided"
            );
        }

        async beforeExecuteActionButton(clickParams) {
            const seen = this.model.root.records.map((record) => [
                record.resId,
                record.data.mark,
            ]);
            clickParams.buttonContext = {
                ...clickParams.buttonContext,
                connector_seen: Object.fromEntries(seen),
            };
            return super.beforeExecuteActionButton(clickParams);
        }
    };
}

/** A list whose groups, such as those of one field, can be decided as a whole. */
export class ConflictsRenderer extends ListRenderer {
    static groupRowTemplate = "connector.ConflictGroupRow";

    setup() {
        super.setup();
        this.orm = useService("orm");
        this.action = useService("action");
        this.dialog = useService("dialog");
        onWillStart(async () => {
            this.mayDecide = await user.hasGroup("connector.group_connector_manager");
        });
    }

    decideGroup(group, method) {
        const questions = {
            action_keep_odoo: _t("Keep Odoo's value for all of %s?", group.displayName),
            action_keep_backend: _t(
                "Keep the backend's value for all of %s?",
                group.displayName
            ),
        };
        this.dialog.add(ConfirmationDialog, {
            body: questions[method],
            confirmLabel: _t("Keep"),
            confirm: async () => {
                const { resModel } = this.props.list;
                const domain = [...group.groupDomain, ["state", "=", "open"]];
                const ids = await this.orm.search(resModel, domain);
                await this.action.doAction(await this.orm.call(resModel, method, [ids]));
            },
            cancel: () => {},
        });
    }
}

registry.category("views").add("connector_conflicts_list", {
    ...listView,
    Controller: conflictsController(listView.Controller),
    Renderer: ConflictsRenderer,
});

registry.category("views").add("connector_conflicts_kanban", {
    ...kanbanView,
    Controller: conflictsController(kanbanView.Controller),
});
