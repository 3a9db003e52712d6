/** Runs the steps of `deploy`. */
import { stepHandler } from 'mcp-async-operations/steps';
import { approve } from './approve.ts';
import { deploy } from './operation.ts';
import { release } from './release.ts';
import { smoke } from './smoke.ts';
import { verify } from './verify.ts';

export const handler = stepHandler(deploy, { verify, approve, release, smoke });
