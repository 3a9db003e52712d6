/** Runs the steps of `upload`. The function does not run while the job waits for an archive. */
import { stepHandler } from 'mcp-async-operations/steps';
import { upload } from './operation.ts';
import { publish } from './publish.ts';
import { receive } from './receive.ts';

export const handler = stepHandler(upload, { receive, publish });
