// Uses the tools as a coding agent does, with the protocol's own client, over both transports.
//   node mcp.mjs http://127.0.0.1:8080 HARVESTER-BINARY DATA-DIRECTORY
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [base, binary, data] = process.argv.slice(2);
if (!data) {
  console.error("usage: node mcp.mjs BASE-URL HARVESTER-BINARY DATA-DIRECTORY");
  process.exit(2);
}

function expect(holds, what) {
  if (!holds) throw new Error("expected " + what);
}

async function use(name, transport) {
  const client = new Client({ name: "api-test", version: "1" });
  await client.connect(transport);
  const { tools } = await client.listTools();
  const names = tools.map((tool) => tool.name).sort();
  expect(
    names.join() === "find_by_error,get_answer,get_fact,report_outdated,search_answers",
    "five tools, not " + names,
  );
  const call = async (tool, args) => {
    const result = await client.callTool({ name: tool, arguments: args });
    return { text: result.content[0].text, failed: result.isError === true };
  };
  const recurring = await (await fetch(base + "/api/v1/clusters?limit=1")).json();
  const asked = recurring.clusters[0];
  const found = await call("search_answers", { query: asked.title, limit: "3" });
  expect(!found.failed && found.text.includes(asked.id), "the question by its own title in " + found.text);
  const answer = await call("get_answer", { id: asked.id });
  expect(!answer.failed && answer.text.includes("## Answer"), "an answer in " + answer.text);
  const error = await call("find_by_error", { text: "TypeError: no such thing as this zanzibar" });
  expect(!error.failed && error.text.includes("/e/1-"), "a link in " + error.text);
  const fact = await call("get_fact", { name: "zanzibar" });
  expect(fact.text.length > 0, "a word about a fact that nobody wrote down");
  const reported = await call("report_outdated", { id: asked.id, verdict: "wrong" });
  expect(!reported.failed, "a report to be counted: " + reported.text);
  expect((await call("report_outdated", { id: "q0" })).failed, "an unknown answer to be told");
  expect((await call("search_answers", {})).failed, "a missing query to be told");
  await client.close();
  console.log("ok   MCP over " + name);
}

await use("HTTP", new StreamableHTTPClientTransport(new URL(base + "/mcp")));
await use("standard input", new StdioClientTransport({ command: binary, args: ["--quiet", "--data", data, "mcp"] }));
