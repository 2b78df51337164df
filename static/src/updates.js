import { status, useComponent, useEffect, useExternalListener } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { ConnectionLostError } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { useBus, useService } from "@web/core/utils/hooks";
import { kanbanView } from "@web/views/kanban/kanban_view";
import { listView } from "@web/views/list/list_view";
import { keyboardRenderer } from "./keyboard";

const SCREEN_UPDATE = "connector/updated";
/** Milliseconds until a screen reads again what may have changed since the message. */
const AFTERWARDS = 2000;
/** Milliseconds between two reads without a message. */
const POLLING = 10000;

/**
 * Call a function whenever jobs of connectors have changed what screens show.
 *
 * Calls never overlap. A hidden tab makes its calls when it is shown again. Without a
 * connection to Odoo's bus, or while the screen is busy, it is called every 10 seconds.
 *
 * @param {() => Promise} callback reads again what the screen shows
 * @param {Object} [options]
 * @param {() => boolean} [options.isBusy] whether jobs run or wait, as far as known
 */
export function useConnectorUpdates(callback, { isBusy = () => false } = {}) {
    const bus = useService("bus_service");
    const component = useComponent();
    let isReading = false;
    let isLate = false; // something has changed that the screen does not show
    let hasNews = false; // a message came while the timer ran
    let timer = null;

    async function read() {
        isLate = isReading || document.hidden;
        if (isLate) {
            return;
        }
        isReading = true;
        try {
            await callback();
        } catch (error) {
            // Odoo shows a lost connection itself.
            if (!(error instanceof ConnectionLostError)) {
                throw error;
            }
        } finally {
            isReading = false;
        }
        if (isLate) {
            readAfterwards();
        }
    }

    function readAfterwards() {
        if (timer !== null || status(component) === "destroyed") {
            return;
        }
        timer = browser.setTimeout(() => {
            timer = null;
            if (hasNews) {
                hasNews = false;
                readAfterwards();
            }
            read();
        }, AFTERWARDS);
    }

    function onUpdated() {
        if (timer === null) {
            read();
            readAfterwards();
        } else {
            hasNews = true;
        }
    }

    useEffect(
        () => {
            bus.subscribe(SCREEN_UPDATE, onUpdated);
            bus.start();
            const polling = browser.setInterval(() => {
                if (isBusy() || bus.workerState !== "CONNECTED") {
                    read();
                }
            }, POLLING);
            return () => {
                bus.unsubscribe(SCREEN_UPDATE, onUpdated);
                browser.clearInterval(polling);
                browser.clearTimeout(timer);
            };
        },
        () => []
    );
    useBus(bus, "BUS:RECONNECT", read); // messages may have been lost
    useExternalListener(document, "visibilitychange", () => isLate && read());
}

/**
 * Let the controller of a list or kanban view show what jobs of connectors change.
 *
 * It waits while the user edits or has selected records.
 *
 * @param {Function} Controller class of the controller
 * @returns {Function} its subclass
 */
export function liveController(Controller) {
    return class extends Controller {
        setup() {
            super.setup();
            useConnectorUpdates(() => this.readAgain(), { isBusy: () => this.isBusy });
        }

        /** Whether jobs run or wait, as far as the records show it. */
        get isBusy() {
            return false;
        }

        async readAgain() {
            const { root, isReady } = this.model;
            if (isReady && !root.editedRecord && !root.selection?.length) {
                const before = root.records;
                await root.load();
                // What the user has selected in the meantime stays selected.
                const selected = before.filter((each) => each.selected);
                const ids = new Set(selected.map((each) => each.resId));
                for (const record of root.records.filter((each) => ids.has(each.resId))) {
                    await record.toggleSelection(true);
                }
            }
        }
    };
}

/** A list with ``js_class="connector_live_list"`` shows changes without reloading. */
registry.category("views").add("connector_live_list", {
    ...listView,
    Controller: liveController(listView.Controller),
});

/** Cards with ``js_class="connector_live_kanban"``, which a phone shows for a list. */
registry.category("views").add("connector_live_kanban", {
    ...kanbanView,
    Controller: liveController(kanbanView.Controller),
    Renderer: keyboardRenderer(kanbanView.Renderer),
});
