/** The function behind the operation `upload`: it runs while an archive is looked through, and not while one is awaited. */
import { stepHandler } from 'mcp-async-operations/steps';
import { upload } from './operation.ts';
import { publish } from './publish.ts';
import { receive } from './receive.ts';

export const handler = stepHandler(upload, { receive, publish });
