/** Creates every tool of the server from the catalogue, in a fixed order. */
import type { Tool } from '../tool.ts';
import { answerJobTool } from './answer-job.ts';
import { syncFirstTool, syncTool } from './call-operation.ts';
import { cancelJobTool } from './cancel-job.ts';
import { checkJobTool } from './check-job.ts';
import type { ToolDependencies } from './dependencies.ts';
import { getFileTool } from './get-file.ts';
import { listDeliveriesTool } from './list-deliveries.ts';
import { listFilesTool } from './list-files.ts';
import { listJobsTool } from './list-jobs.ts';
import { readLogTool } from './read-log.ts';
import { retryJobTool } from './retry-job.ts';
import { startTool } from './start-operation.ts';

/** The tool of an operation by its execution mode. */
const TOOLS = { sync: syncTool, sync_first: syncFirstTool, job: startTool } as const;

export function createTools(dependencies: ToolDependencies): readonly Tool[] {
  const offered = dependencies.operations.filter(({ retired }) => !retired);
  const listings = new Map(offered.flatMap(({ listing }) => (listing ? [[listing.toolName, listing]] : [])));
  return [
    ...offered.map((operation) => TOOLS[operation.execution.mode](operation, dependencies)),
    ...[...listings.values()].map((listing) => listFilesTool(listing, dependencies)),
    checkJobTool(dependencies),
    getFileTool(dependencies),
    readLogTool(dependencies),
    listJobsTool(dependencies),
    answerJobTool(dependencies),
    cancelJobTool(dependencies),
    retryJobTool(dependencies),
    listDeliveriesTool(dependencies),
  ];
}
