import { Component, useEffect, useState, xml } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { formatDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const MINUTE = 60000;

/** A moment, as people say it: "2 minutes ago", "in 3 hours". */
export class MomentField extends Component {
    static template = xml`<time tabindex="0" t-att-datetime="moment.toISO()" t-att-title="exact" t-out="words"/>`;
    static props = { ...standardFieldProps, isFuture: { type: Boolean, optional: true } };

    setup() {
        this.state = useState({ now: Date.now() });
        useEffect(
            () => {
                const timer = browser.setInterval(() => {
                    this.state.now = Date.now();
                }, MINUTE);
                return () => browser.clearInterval(timer);
            },
            () => []
        );
    }

    get moment() {
        return this.props.record.data[this.props.name];
    }

    get exact() {
        return formatDateTime(this.moment);
    }

    get words() {
        const ahead = this.moment.toMillis() - this.state.now;
        if (this.props.isFuture && ahead < MINUTE) {
            return _t("in a moment");
        }
        if (ahead > -MINUTE && ahead < MINUTE) {
            return _t("just now");
        }
        return this.moment.toRelative({ base: luxon.DateTime.fromMillis(this.state.now) });
    }
}

registry.category("fields").add("connector_moment", {
    component: MomentField,
    displayName: _t("Moment in Words"),
    supportedTypes: ["datetime"],
    extractProps: ({ options }) => ({ isFuture: Boolean(options.future) }),
});
