import { markup } from "@odoo/owl";
import { registry } from "@web/core/registry";

/** Return an action from the server whose help is shown as HTML, not as text. */
export function withHelp(action) {
    return action?.help ? { ...action, help: markup(action.help) } : action;
}

/** Show a message, and then open a window. */
registry.category("actions").add("connector.notification", (env, action) => {
    const show = registry.category("actions").get("display_notification");
    const params = { ...action.params, next: withHelp(action.params.next) };
    return show(env, { ...action, params });
});
