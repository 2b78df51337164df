// A shop of Vendure with all that orders need. Its data end with the process.
//
// Arguments: the port, and a folder for pictures.
process.env.VENDURE_DISABLE_TELEMETRY = "true";
const { createHash } = require("crypto");
const vendure = require("@vendure/core");
const { AssetServerPlugin } = require("@vendure/asset-server-plugin");
const [port, folder] = process.argv.slice(2);
const { OdooPlugin } = require("./odoo-plugin");

const shop = {
    defaultLanguage: vendure.LanguageCode.en,
    defaultZone: "Europe",
    countries: [
        { name: "Germany", code: "DE", zone: "Europe" },
        { name: "France", code: "FR", zone: "Europe" },
    ],
    taxRates: [{ name: "Standard Tax", percentage: 20 }],
    shippingMethods: [{ name: "Parcel", price: 500 }],
    paymentMethods: [],
    collections: [],
};

// Vendure's default takes a quarter of a second for each call. That protects passwords
// that people choose; a key has 32 random bytes.
const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const hashingStrategy = {
    hash: async (key) => sha256(key),
    check: async (key, hash) => sha256(key) === hash,
};

vendure
    .bootstrap({
        apiOptions: { port: Number(port), hostname: "127.0.0.1", cors: false },
        authOptions: {
            superadminCredentials: { identifier: "superadmin", password: "superadmin" },
            tokenMethod: ["bearer", "api-key"],
            adminApiKeyStrategy: new vendure.RandomBytesApiKeyStrategy({ hashingStrategy }),
        },
        dbConnectionOptions: { type: "sqljs", synchronize: true },
        paymentOptions: { paymentMethodHandlers: [] },
        plugins: [
            AssetServerPlugin.init({ route: "assets", assetUploadDir: folder }),
            OdooPlugin,
        ],
    })
    .then(async (app) => {
        await app.get(vendure.Populator).populateInitialData(shop);
        console.log("THE SHOP IS OPEN");
    });
