import { Component, onWillStart, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

/** The screen *What Is Synchronised*: which field of a backend goes where. */
export class Synchronised extends Component {
    static template = "connector.Synchronised";
    static components = { Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        const { params, context } = this.props.action;
        this.stateId =
            params?.state_id || context?.active_id || this.props.state?.stateId;
        this.props.updateActionState?.({ stateId: this.stateId });
        this.page = useState({ name: "", kinds: [], shown: 0 });
        onWillStart(() => this.read());
    }

    get kind() {
        return this.page.kinds[this.page.shown];
    }

    title(direction) {
        return direction === "export"
            ? _t("From Odoo to %s", this.page.name)
            : _t("From %s to Odoo", this.page.name);
    }

    headings(direction) {
        return direction === "export"
            ? [_t("In Odoo"), _t("On %s", this.page.name)]
            : [_t("On %s", this.page.name), _t("In Odoo")];
    }

    async read() {
        const page = await this.orm.call("connector.description", "describe", [
            this.stateId,
        ]);
        Object.assign(this.page, page);
        this.env.config.setDisplayName?.(
            _t("What Is Synchronised with %s", page.name)
        );
    }
}

registry.category("actions").add("connector.synchronised", Synchronised);
