import { Component, useState } from "@odoo/owl";
import { deserializeDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { formatInteger } from "@web/views/fields/formatters";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const HEIGHT = 36;
const WIDTH = 10; // of a day
const BAR = 7;

/** A small chart of the last days: records that were synchronised, and that failed. */
export class HistoryField extends Component {
    static template = "connector.HistoryField";
    static props = { ...standardFieldProps };

    setup() {
        // The words for the days of all cards would take most of the time of the overview.
        this.state = useState({ isRead: false });
    }

    read() {
        this.state.isRead = true;
    }

    get days() {
        return this.props.record.data[this.props.name] || [];
    }

    get hasHistory() {
        return this.days.some(({ done, failed }) => done || failed);
    }

    get viewBox() {
        return `0 0 ${WIDTH * this.days.length} ${HEIGHT}`;
    }

    get label() {
        const sum = (name) => this.days.reduce((total, day) => total + day[name], 0);
        return _t(
            "The last %(days)s days. Records synchronised: %(done)s, failed: %(failed)s",
            {
                days: this.days.length,
                done: formatInteger(sum("done")),
                failed: formatInteger(sum("failed")),
            }
        );
    }

    get bars() {
        const highest = Math.max(...this.days.map(({ done, failed }) => done + failed), 1);
        const height = (value) => (value ? Math.max((value / highest) * HEIGHT, 2) : 0);
        return this.days.map((of, index) => {
            const { day, done, failed } = of;
            const [doneHeight, failedHeight] = [height(done), height(failed)];
            return {
                day,
                of,
                x: index * WIDTH,
                done: { y: HEIGHT - doneHeight, height: doneHeight },
                failed: {
                    y: Math.max(HEIGHT - doneHeight - failedHeight, 0),
                    height: failedHeight,
                },
            };
        });
    }

    /** The days on which something happened, the last one first. */
    get busyDays() {
        return this.days.filter(({ done, failed }) => done || failed).reverse();
    }

    title({ day, done, failed }) {
        return _t("%(day)s: %(done)s synchronised, %(failed)s failed", {
            day: deserializeDate(day).toLocaleString({ day: "numeric", month: "short" }),
            done: formatInteger(done),
            failed: formatInteger(failed),
        });
    }

    get size() {
        return { height: HEIGHT, day: WIDTH, bar: BAR };
    }
}

registry.category("fields").add("connector_history", {
    component: HistoryField,
    displayName: _t("History of a Backend"),
    supportedTypes: ["json"],
});
