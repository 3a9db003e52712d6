#!/usr/bin/env node
/** Runs the program `mcp-async-operations`: dispatches to one of its commands. */

const COMMANDS: Readonly<Record<string, () => Promise<{ run(args: string[]): Promise<number> }>>> = {
  dev: () => import('./dev.ts'),
  'add-project': () => import('./add-project.ts'),
  demo: () => import('./demo.ts'),
};

const USAGE = `Usage: mcp-async-operations COMMAND [OPTIONS]

  dev           runs your CDK app on this machine, without an AWS account
  add-project   uploads a Node.js project for the sample operation build
  demo          builds a sample project on the local cloud, through an MCP client

  COMMAND --help   options of a command`;

const [name = '--help', ...args] = process.argv.slice(2);
const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
if (load) {
  const command = await load();
  process.exitCode = await command.run(args);
} else if (name === '--help' || name === '-h') {
  console.log(USAGE);
} else {
  console.error(`Unknown command "${name}": use one of those below.\n\n${USAGE}`);
  process.exitCode = 2;
}
