/** Runs the steps of `build` in a sandbox, because they run scripts of projects. */
import { sandboxHandler } from 'mcp-async-operations/steps';
import { compile } from './compile.ts';
import { install } from './install.ts';
import type { build } from './operation.ts';
import { packageArtifact } from './package.ts';
import { test } from './test.ts';

export const handler = sandboxHandler<typeof build>({ install, compile, test, package: packageArtifact });
