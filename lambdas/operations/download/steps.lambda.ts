/** Runs the steps of `download`. Like webhooks, they call addresses of callers. */
import { stepHandler } from 'mcp-async-operations/steps';
import { download } from './operation.ts';
import { publish } from './publish.ts';
import { transfer } from './transfer.ts';

export const handler = stepHandler(download, { transfer, publish });
