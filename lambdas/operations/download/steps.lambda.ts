/** The function behind the operation `download`: as that of webhooks, it calls addresses which callers have given. */
import { stepHandler } from 'mcp-async-operations/steps';
import { download } from './operation.ts';
import { probe } from './probe.ts';
import { publish } from './publish.ts';
import { transfer } from './transfer.ts';

export const handler = stepHandler(download, { probe, transfer, publish });
