/** Generates server.json, with which the MCP registry lists the package. With --check, it fails when the file is stale. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(new URL('../server.json', import.meta.url));
const SCHEMA = 'https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** The registry compares it with the `name` of server.json, to know that the package is the publisher's. */
  readonly mcpName: string;
}

/** Returns the text of server.json. */
export function serverJson(): string {
  const manifest = new URL('../package.json', import.meta.url);
  const { name, version, description, mcpName } = JSON.parse(readFileSync(manifest, 'utf8')) as Manifest;
  const server = {
    $schema: SCHEMA,
    name: mcpName,
    title: 'Async Operations',
    description,
    version,
    packages: [
      {
        registryType: 'npm',
        identifier: name,
        version,
        runtimeHint: 'npx',
        // The local cloud. A deployment has a URL of its own.
        packageArguments: [
          { type: 'positional', value: 'dev' },
          {
            type: 'named',
            name: '--app',
            description: 'Folder of a CDK app with the construct: see the README of the package',
            format: 'filepath',
            isRequired: true,
          },
        ],
        environmentVariables: [
          { name: 'PORT', description: 'Port of the local cloud', format: 'number', value: '3000' },
        ],
        transport: { type: 'streamable-http', url: 'http://127.0.0.1:3000/mcp' },
      },
    ],
  };
  return `${JSON.stringify(server, null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = serverJson();
  if (!process.argv.includes('--check')) writeFileSync(FILE, text);
  else if (readFileSync(FILE, 'utf8') !== text) {
    console.error('server.json is stale. Run `npm run server-json` and commit the result.');
    process.exitCode = 1;
  }
}
