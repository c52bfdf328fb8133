import type { SidebarsConfig } from "@docusaurus/plugin-content-docs";

const sidebars: SidebarsConfig = {
  docs: [
    {
      type: "category",
      label: "Using Harbour",
      items: ["usage/moor"],
    },
  ],
};

export default sidebars;
