import { Component, onWillStart, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

/** The words for the states of a field, and the icons that say the same. */
const STATES = {
    same: { words: _t("Same"), icon: "fa-check text-success" },
    differs: { words: _t("Changes"), icon: "fa-pencil text-warning" },
    new: { words: _t("New"), icon: "fa-plus text-info" },
    kept: { words: _t("Kept"), icon: "fa-lock text-muted" },
    unknown: { words: _t("Unknown"), icon: "fa-question text-muted" },
    failed: { words: _t("Error"), icon: "fa-exclamation-triangle text-danger" },
};
const TONES = { act: "danger", wait: "warning", change: "info", same: "success" };

/** The screen *Preview*: what an export or import of a record would do. */
export class Preview extends Component {
    static template = "connector.Preview";
    static components = { Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.notification = useService("notification");
        this.states = STATES;
        this.tones = TONES;
        this.params = { ...(this.props.action.params || this.props.state?.params) };
        this.props.updateActionState?.({ params: this.params });
        this.page = useState({ parts: [], directions: {}, dependencies: [], errors: [] });
        onWillStart(() => this.read(this.params.direction || "export"));
    }

    get words() {
        if (this.page.direction === "import") {
            return {
                source: _t("On %s", this.page.backend),
                mapped: _t("Becomes"),
                now: _t("Now in Odoo"),
                act: _t("Import Now"),
            };
        }
        return {
            source: _t("In Odoo"),
            mapped: _t("Is sent as"),
            now: _t("Now on %s", this.page.backend),
            act: _t("Export Now"),
        };
    }

    /** The headings of a part, whose direction may differ from that of the page. */
    headings(part) {
        return part.direction === this.page.direction
            ? this.words
            : { source: _t("On the backend"), mapped: _t("Becomes"), now: _t("Now in Odoo") };
    }

    async read(direction) {
        this.params.direction = direction;
        const page = await this.orm.call("connector.preview", "preview", [this.params]);
        Object.assign(this.page, page);
        this.env.config.setDisplayName?.(
            _t("Preview of %s", page.record?.name || page.externalId)
        );
    }

    async synchronise() {
        const shown = [this.page.record?.id || false, this.page.externalId];
        const message = await this.orm.call("connector.preview", "synchronise", [
            { ...this.params, shown },
        ]);
        this.notification.add(message, { type: "success" });
    }
}

registry.category("actions").add("connector.preview", Preview);
