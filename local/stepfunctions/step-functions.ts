/** Serves the Step Functions API: one method for each action, which converts requests and results. */
import { createHash, randomUUID } from 'node:crypto';
import { type Actions, AwsError } from '../shared/aws-json.ts';
import type { Executions } from './executions.ts';
import type { TaskTokens } from './task-tokens.ts';

interface Input {
  readonly stateMachineArn: string;
  readonly executionArn: string;
  readonly name?: string;
  readonly input?: string;
  readonly error?: string;
  readonly cause?: string;
  readonly taskToken: string;
  readonly output: string;
  readonly reverseOrder?: boolean;
  readonly includeExecutionData?: boolean;
  readonly maxResults?: number;
  readonly nextToken?: string;
  readonly statusFilter?: string;
}

/** Step Functions' default page size. */
const DEFAULT_PAGE = 100;

export function stepFunctionsActions(executions: Executions, tokens: TaskTokens): Actions<Input> {
  return {
    async StartExecution({ stateMachineArn, name = randomUUID(), input = '{}' }) {
      const { arn, startDate } = await executions.start(stateMachineArn, name, input);
      return { executionArn: arn, startDate: seconds(startDate) };
    },

    async StartSyncExecution({ stateMachineArn, name = randomUUID(), input = '{}' }) {
      const { startDate, stopDate, ...end } = await executions.runExpress(stateMachineArn, name, input);
      return {
        ...end,
        stateMachineArn,
        name,
        input,
        startDate: seconds(startDate),
        stopDate: seconds(stopDate),
      };
    },

    async StopExecution({ executionArn, error, cause }) {
      const { stopDate } = await executions.stop(executionArn, error, cause);
      return { stopDate: seconds(stopDate) };
    },

    DescribeExecution({ executionArn }) {
      const {
        arn,
        machineArn,
        startDate,
        stopDate,
        lastEntered: _,
        ...same
      } = executions.describe(executionArn);
      return {
        ...same,
        executionArn: arn,
        stateMachineArn: machineArn,
        startDate: seconds(startDate),
        stopDate: seconds(stopDate),
        inputDetails: { included: true },
        outputDetails: { included: true },
      };
    },

    DescribeStateMachineForExecution({ executionArn }) {
      const { machineArn } = executions.describe(executionArn);
      const { definition, updateDate } = executions.machineOf(executionArn);
      return {
        stateMachineArn: machineArn,
        name: machineArn.split(':').at(-1),
        definition,
        updateDate: seconds(updateDate),
      };
    },

    SendTaskSuccess({ taskToken, output }) {
      tokens.succeed(taskToken, output);
      return {};
    },

    SendTaskFailure({ taskToken, error, cause }) {
      tokens.fail(taskToken, error, cause);
      return {};
    },

    SendTaskHeartbeat({ taskToken }) {
      tokens.heartbeat(taskToken);
      return {};
    },

    /** The newest first, as on AWS. */
    ListExecutions({ stateMachineArn, statusFilter, maxResults = DEFAULT_PAGE, nextToken }) {
      const all = executions
        .list(stateMachineArn)
        .filter(({ status }) => statusFilter === undefined || status === statusFilter)
        .toReversed()
        .sort((a, b) => b.startDate - a.startDate)
        .map(({ arn, name, status, startDate, stopDate }) => ({
          executionArn: arn,
          stateMachineArn,
          name,
          status,
          startDate: seconds(startDate),
          stopDate: seconds(stopDate),
        }));
      const { page, next } = pageOf(all, maxResults, nextToken, [stateMachineArn, statusFilter]);
      return { executions: page, ...next };
    },

    /** Returns only state entries, which Step Functions charges for, and of these only the last with its input. */
    GetExecutionHistory({
      executionArn,
      reverseOrder,
      includeExecutionData = true,
      maxResults = DEFAULT_PAGE,
      nextToken,
    }) {
      const all = executions.history(executionArn).map(({ name, type, timestampMs, input }, index) => ({
        id: index + 1,
        type: `${type}StateEntered`,
        timestamp: seconds(timestampMs),
        stateEnteredEventDetails: {
          name,
          ...(includeExecutionData && input !== undefined && { input: JSON.stringify(input) }),
        },
      }));
      const { page, next } = pageOf(reverseOrder ? all.reverse() : all, maxResults, nextToken, [
        executionArn,
        reverseOrder,
        includeExecutionData,
      ]);
      return { events: page, ...next };
    },
  };
}

/**
 * @param others the other arguments of the action
 * @throws AwsError InvalidToken for a token of other arguments: AWS wants all of them unchanged from page to page
 */
function pageOf<T>(
  all: readonly T[],
  maxResults: number,
  nextToken: string | undefined,
  others: readonly unknown[],
) {
  const same = createHash('sha256')
    .update(JSON.stringify([maxResults, ...others]))
    .digest('base64url');
  const [start, ofSame] = nextToken === undefined ? ['0', same] : nextToken.split('.');
  if (ofSame !== same) throw new AwsError('InvalidToken', `Invalid Token: '${nextToken}'`);
  const to = Number(start) + maxResults;
  return { page: all.slice(Number(start), to), next: to < all.length ? { nextToken: `${to}.${same}` } : {} };
}

/** Timestamps in the protocol are seconds. */
function seconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : milliseconds / 1000;
}
