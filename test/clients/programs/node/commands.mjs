/** Serves the runner's commands: reads JSON lines from standard input, and prints one JSON line for each. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const url = process.env.MCP_URL;
/** An access token; absent when the server requires none. */
export const token = process.env.MCP_TOKEN;
/** Resolves the packages that the runner has installed. */
export const require = createRequire(`${process.env.PACKAGES}/`);

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Lets the runner sign in at a page, as a browser does. It returns when the page has redirected to the client. @throws Error when the runner ends */
export async function openPage(url) {
  write({ open: url });
  const { value, done } = await lines.next();
  if (done) throw new Error(`The runner ended before it opened ${url}. Read why in its own output.`);
  return JSON.parse(value).callback;
}

/** Returns the installed version of a package. */
export function versionOf(name) {
  const manifest = `${process.env.PACKAGES}/node_modules/${name}/package.json`;
  return JSON.parse(readFileSync(manifest, 'utf8')).version;
}

/** Creates an empty home directory for a program. It is removed at the end. */
export function temporaryHome(name) {
  const home = mkdtempSync(join(tmpdir(), `${name}-`));
  process.on('exit', () => rmSync(home, { recursive: true, force: true }));
  return home;
}

/** Returns what the runner compares of a tool's result. */
export function outcomeOf({ content, structuredContent, isError }) {
  const text = content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
  return { structured: structuredContent ?? null, text, failed: isError === true };
}

/** Returns the commands of a connected client of the official SDK. */
export function sdkCommands(client) {
  return {
    list: async () => ({ tools: (await client.listTools()).tools.map(({ name }) => name) }),
    call: async ({ name, arguments: args }) => {
      let progress = 0;
      const onprogress = () => {
        progress += 1;
      };
      const result = await client.callTool({ name, arguments: args }, undefined, { onprogress });
      return { ...outcomeOf(result), progress };
    },
    read: async ({ uri }) => ({ text: (await client.readResource({ uri })).contents[0].text }),
  };
}

/** Connects, and answers commands until standard input ends. @param connect returns `ready` and a method for each command */
export async function serve(connect) {
  try {
    const { ready, ...client } = await connect();
    write(ready);
    for (let next = await lines.next(); !next.done; next = await lines.next()) {
      const { do: name, ...command } = JSON.parse(next.value);
      const run = client[name];
      write(run ? await run(command).catch(failure) : { unsupported: 'not in its API' });
    }
  } catch (error) {
    write(failure(error));
  }
  process.exit();
}

function failure(error) {
  console.error(error);
  return { error: String(error) };
}

function write(outcome) {
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
}
