// Cuts GitHub's OpenAPI description down to what a request of ours can be checked by.
// usage: node trim.mjs api.github.com.json paths.txt > openapi.json
//
// Kept are the paths of paths.txt with their parameters, request bodies and the first example of every
// answer that is no refusal. Prism has no parameter that spans a slash; a path that ends in one is
// written once for every number of parts that we use.
import fs from 'node:fs';

const [, , source, list] = process.argv;
const spec = JSON.parse(fs.readFileSync(source, 'utf8'));
const wanted = fs.readFileSync(list, 'utf8').split('\n').filter((line) => line && !line.startsWith('#'));
const SPANNING = ['ref', 'path', 'basehead', 'branch'];
const MOST_PARTS = 6;
// What GitHub tells programs to accept, and its description leaves out.
const ACCEPTED = 'application/vnd.github+json';

const find = (at) => at.slice(2).split('/').reduce((value, key) => value[key.replaceAll('~1', '/')], spec);
const resolved = (value) => (value?.$ref ? resolved(find(value.$ref)) : value);

/** Keys of a schema by which no request is checked. */
const SILENT = ['description', 'summary', 'title', 'example', 'examples', 'externalDocs', 'deprecated'];
const silent = (key) => SILENT.includes(key) || key.startsWith('x-');

/** A schema with everything that it refers to in its place. */
function schema(value, inside = false) {
  if (Array.isArray(value)) return value.map((one) => schema(one));
  if (!value || typeof value !== 'object') return value;
  if (value.$ref) return schema(find(value.$ref));
  const entries = Object.entries(value).filter(([key]) => inside || !silent(key));
  return Object.fromEntries(entries.map(([key, inner]) => [key, schema(inner, key === 'properties')]));
}

function parameter(value) {
  const { name, in: where, required, schema: type } = resolved(value);
  return { name, in: where, required, schema: schema(type) };
}

/** Some of GitHub's examples are made of others. */
function whole(value) {
  if (Array.isArray(value)) return value.map(whole);
  if (!value || typeof value !== 'object') return value;
  if (value.$ref) return whole(resolved(value).value);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, whole(inner)]));
}

function example(media) {
  const first = Object.values(media.examples ?? {})[0];
  const value = first ? resolved(first).value : media.example;
  return value === undefined ? {} : { example: whole(value) };
}

function answers(all) {
  const fine = Object.entries(all).filter(([status]) => status < 300);
  return Object.fromEntries(fine.map(([status, answer]) => {
    const json = resolved(answer).content?.['application/json'];
    return [status, { description: '', ...(json ? { content: { [ACCEPTED]: example(json) } } : {}) }];
  }));
}

function operation(op, shared) {
  const body = resolved(op.requestBody);
  return {
    operationId: op.operationId,
    parameters: [...shared, ...(op.parameters ?? [])].map(parameter),
    ...(body ? { requestBody: { required: body.required, content: { 'application/json': { schema: schema(body.content['application/json'].schema) } } } } : {}),
    responses: answers(op.responses),
  };
}

/** The path itself and, if its last parameter spans slashes, the path with more parts. */
function spread(path, method, op) {
  const last = op.parameters.find((one) => one.in === 'path' && SPANNING.includes(one.name) && path.endsWith(`{${one.name}}`));
  const all = [[path, op]];
  for (let parts = 2; last && parts <= MOST_PARTS; parts++) {
    const names = Array.from({ length: parts }, (_, at) => `${last.name}_${at}`);
    const others = op.parameters.filter((one) => one !== last);
    const more = names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
    all.push([
      path.replace(`{${last.name}}`, names.map((name) => `{${name}}`).join('/')),
      { ...op, operationId: `${op.operationId}-${parts}`, parameters: [...others, ...more] },
    ]);
  }
  return all;
}

const paths = {};
for (const line of wanted) {
  const [method, path] = line.split(' ');
  const item = spec.paths[path];
  if (!item?.[method.toLowerCase()]) throw new Error(`GitHub's description has no ${line}`);
  const op = operation(item[method.toLowerCase()], item.parameters ?? []);
  for (const [at, one] of spread(path, method, op)) (paths[at] ??= {})[method.toLowerCase()] = one;
}
const info = { title: spec.info.title, version: spec.info.version, license: spec.info.license };
process.stdout.write(JSON.stringify({ openapi: spec.openapi, info, servers: [{ url: 'http://127.0.0.1' }], paths }) + '\n');
