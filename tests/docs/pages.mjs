// Builds pages as their site would:   node pages.mjs docusaurus|mintlify|markdown PAGES HTML
//
// docusaurus: Docusaurus's own MDX pipeline, with admonitions, directives and emoji. mintlify: MDX with
// tables and formulas. markdown: a host that renders GitHub Flavored Markdown and lets HTML pass.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { compile, run } from '@mdx-js/mdx';
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import * as runtime from 'react/jsx-runtime';
import remarkFrontmatter from 'remark-frontmatter';
import remarkGfm from 'remark-gfm';
import remarkMath from 'remark-math';

const { createProcessorUncached } = createRequire(import.meta.url)('@docusaurus/mdx-loader/lib/processor.js');
const [, , target, pages, html] = process.argv;

async function docusaurus() {
  const markdownConfig = { mermaid: true, mdx1Compat: { comments: true, admonitions: true, headingIds: true }, anchors: { maintainCase: false }, remarkRehypeOptions: undefined };
  const options = { markdownConfig, admonitions: true, staticDirs: [], siteDir: pages, removeContentTitle: false, outputFormat: 'function-body' };
  const processor = await createProcessorUncached({ options, format: 'mdx' });
  return async (content, filePath) => (await processor.process({ content, filePath, frontMatter: {}, compilerName: 'client' })).content;
}

const mintlify = async (content) =>
  String(await compile(content, { remarkPlugins: [remarkGfm, remarkFrontmatter, remarkMath], outputFormat: 'function-body' }));

async function rendered(code) {
  const outside = code.match(/\b(import|export)\b[^;]*;?$/m);
  if (outside && !code.includes('return {')) throw new Error(`it imports: ${outside[0]}`);
  const module = await run(code, { ...runtime, useMDXComponents: () => ({}), baseUrl: import.meta.url });
  return renderToStaticMarkup(createElement(module.default));
}

const builders = {
  docusaurus: async () => { const build = await docusaurus(); return async (text, at) => rendered(await build(text, at)); },
  mintlify: async () => async (text) => rendered(await mintlify(text)),
  markdown: async () => async (text) => micromark(text, { allowDangerousHtml: true, extensions: [gfm()], htmlExtensions: [gfmHtml()] }),
};

const build = await builders[target]();
let count = 0, broken = 0;
for (const name of fs.readdirSync(pages, { recursive: true }).filter((name) => /\.mdx?$/.test(name)).sort()) {
  const at = path.join(pages, name);
  const to = path.join(html, `${name}.html`);
  fs.mkdirSync(path.dirname(to), { recursive: true });
  count++;
  try {
    fs.writeFileSync(to, `<main>${await build(fs.readFileSync(at, 'utf8'), at)}</main>\n`);
  } catch (error) {
    broken++;
    console.error(`${target} cannot build ${name}: ${String(error.message).split('\n')[0]}`);
  }
}
console.log(`${target}: ${count} pages, ${broken} broken`);
process.exit(broken ? 1 : 0);
