// The part of the connector that runs in a Vendure server, a plugin of its configuration:
//
//     const { OdooPlugin } = require("./odoo-plugin");
//     const config = { ..., plugins: [..., OdooPlugin] };
//
// Each record that Odoo creates keeps Odoo's key, by which Odoo finds it after a crash.
// Changes are announced as signed webhooks (www.standardwebhooks.com), once somebody has
// entered the address and the secret of Odoo's webhook in the global settings.
const { createHmac, randomUUID } = require("crypto");
const { Inject } = require("@nestjs/common");
const vendure = require("@vendure/core");

const KEPT = ["Product", "ProductVariant", "ProductOption", "ProductOptionGroup"];
const SETTINGS = ["odooWebhookUrl", "odooWebhookSecret"];
const hidden = (name) => ({ name, type: "string", nullable: true, public: false });

class OdooPlugin {
    constructor(eventBus, settings) {
        this.eventBus = eventBus;
        this.settings = settings;
    }

    onApplicationBootstrap() {
        const { CustomerAddressEvent, CustomerEvent, OrderStateTransitionEvent } = vendure;
        const listen = (type, announced) =>
            this.eventBus.ofType(type).subscribe((event) => this.announce(event, ...announced(event)));
        listen(CustomerEvent, (event) => [
            event.type === "deleted" ? "customer.deleted" : "customer.changed",
            event.entity.id,
        ]);
        listen(CustomerAddressEvent, (event) => ["customer.changed", event.entity.customer?.id]);
        listen(OrderStateTransitionEvent, (event) => ["order.changed", event.order.id]);
    }

    // One attempt: Odoo's schedule finds what was not delivered.
    async announce(event, type, id) {
        const { customFields } = await this.settings.getSettings(event.ctx);
        const { odooWebhookUrl: url, odooWebhookSecret: secret } = customFields;
        if (!id || !url || !secret) return;
        const body = JSON.stringify({ type, data: { id: String(id) } });
        const messageId = randomUUID();
        const seconds = Math.floor(Date.now() / 1000);
        const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
        const signed = `${messageId}.${seconds}.${body}`;
        const headers = {
            "content-type": "application/json",
            "webhook-id": messageId,
            "webhook-timestamp": String(seconds),
            "webhook-signature": "v1," + createHmac("sha256", key).update(signed).digest("base64"),
        };
        const options = { method: "POST", body, headers, signal: AbortSignal.timeout(10000) };
        const failed = (why) => vendure.Logger.warn(`Odoo was not told of ${type} ${id}: ${why}`);
        await fetch(url, options).then((answer) => answer.ok || failed(answer.status), failed);
    }
}
Inject(vendure.EventBus)(OdooPlugin, undefined, 0);
Inject(vendure.GlobalSettingsService)(OdooPlugin, undefined, 1);
vendure.VendurePlugin({
    imports: [vendure.PluginCommonModule],
    configuration: (config) => {
        for (const name of KEPT) (config.customFields[name] ??= []).push(hidden("odooKey"));
        (config.customFields.GlobalSettings ??= []).push(...SETTINGS.map(hidden));
        return config;
    },
})(OdooPlugin);

module.exports = { OdooPlugin };
