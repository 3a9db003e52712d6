#!/usr/bin/env node
/** Runs the program `mcp-async-operations`: dispatches to one of its commands. */

import { existsSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { runCommand } from './run-command.ts';

// The local cloud loads in half the time. The directory is the one in which the synthesis keeps what it can make again.
const modules = join(process.cwd(), 'node_modules');
if (existsSync(modules)) enableCompileCache(join(modules, '.cache', 'mcp-async-operations', 'compiled'));

/** Each command is loaded when it is called. */
const COMMANDS: Readonly<Record<string, (args: string[]) => Promise<number>>> = {
  dev: async (args) => runCommand(await import('./dev.ts'), args),
  'add-project': async (args) => runCommand(await import('./add-project.ts'), args),
  demo: async (args) => runCommand(await import('./demo.ts'), args),
};

const USAGE = `Usage: mcp-async-operations COMMAND [OPTIONS]

  dev           runs your CDK app on this machine, without an AWS account
  add-project   uploads a Node.js project for the sample operation build
  demo          builds a sample project on the local cloud, through an MCP client

  COMMAND --help   options of a command`;

const [name = '--help', ...args] = process.argv.slice(2);
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
if (command) {
  process.exitCode = await command(args);
} else if (name === '--help' || name === '-h') {
  console.log(USAGE);
} else {
  console.error(`Unknown command "${name}": use one of those below.\n\n${USAGE}`);
  process.exitCode = 2;
}
