/** Reads the logs of all functions. */
import { jsonRequest } from './aws-requests.ts';

interface LogGroups {
  readonly logGroups?: readonly { readonly logGroupName: string }[];
}
interface LogEvents {
  readonly events?: readonly { readonly message: string }[];
}

/** @returns lines, each with the name of its log group */
export async function functionLogs(): Promise<readonly string[]> {
  const lines: string[] = [];
  const { logGroups = [] } = await jsonRequest<LogGroups>('logs', 'Logs_20140328.DescribeLogGroups', {});
  for (const { logGroupName } of logGroups) {
    const { events = [] } = await jsonRequest<LogEvents>('logs', 'Logs_20140328.FilterLogEvents', {
      logGroupName,
    });
    lines.push(...events.map(({ message }) => `${logGroupName} ${message}`));
  }
  return lines;
}
