const docs = require("./docs-options");
module.exports = { presets: [["classic", { docs: { ...docs, path: docs.folderOf("harbour") } }]] };
