import { defineConfig } from 'vitepress'

export default defineConfig({
  title: 'Harbour',
  lang: 'en-US',
  srcDir: './pages',
  themeConfig: {
    nav: [{ text: 'Guide', link: '/guide/' }],
    sidebar: {
      '/guide/': [
        { text: 'Guide', items: [{ text: 'Moor', link: '/guide/moor' }] },
      ],
    },
  },
})
