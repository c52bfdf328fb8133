import { resolve } from "path";
import type { Config } from "@docusaurus/types";

// path: "wrong"
const config: Config = {
  title: "Harbour's docs",
  presets: [
    [
      "@docusaurus/preset-classic",
      {
        docs: {
          path: "../docs",
          sidebarPath: resolve("./sidebars.ts"),
          routeBasePath: "/",
          include: ["{api,usage}/**/*.{md,mdx}"], // the rest is for packages
        },
        theme: { customCss: require.resolve("./src/css/custom.css") },
      } satisfies Options,
    ],
  ],
  themeConfig: { docs: { sidebar: { hideable: true } }, copyright: `© ${new Date().getFullYear()} Harbour` },
};

export default config;
