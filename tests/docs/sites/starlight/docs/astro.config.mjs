import { defineConfig } from "astro/config";
import starlight from "@astrojs/starlight";

export default defineConfig({
  integrations: [
    starlight({
      title: "Harbour",
      sidebar: [
        { label: "Guides", items: ["guides/moor"] },
        { label: "Reference", autogenerate: { directory: "reference" } },
      ],
    }),
  ],
});
