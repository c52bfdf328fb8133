export default { title: "Harbour", presets: [["classic", { docs: { routeBasePath: "/" } }]] };
