const path = require("path");
module.exports = {
  presets: [["classic", { docs: false, blog: false }]],
  i18n: { defaultLocale: "ko", locales: ["ko"] },
  plugins: [
    ["@docusaurus/plugin-content-docs", { id: "api", path: "api", routeBasePath: "api" }],
    ["@docusaurus/plugin-content-docs", { path: path.join(__dirname, "manual"), routeBasePath: "manual", sidebarPath: "./sidebars.js" }],
  ],
};
