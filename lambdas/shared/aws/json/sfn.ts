/** Replaces `@aws-sdk/client-sfn` in the engine's functions, with the commands that they use. */
import { JsonClient, type JsonClientOptions, type JsonService, ServiceException } from './client.ts';
import { commandOf } from './command.ts';

export class ExecutionAlreadyExists extends ServiceException {}
export class ExecutionDoesNotExist extends ServiceException {}
export class InvalidToken extends ServiceException {}
export class StateMachineDoesNotExist extends ServiceException {}
export class TaskDoesNotExist extends ServiceException {}
export class TaskTimedOut extends ServiceException {}

const SERVICE: JsonService = {
  name: 'states',
  target: 'AWSStepFunctions',
  errors: {
    ExecutionAlreadyExists,
    ExecutionDoesNotExist,
    InvalidToken,
    StateMachineDoesNotExist,
    TaskDoesNotExist,
    TaskTimedOut,
  },
};

export class SFNClient extends JsonClient {
  constructor(options: JsonClientOptions = {}) {
    super(SERVICE, options);
  }
}

export const DescribeExecutionCommand = commandOf('DescribeExecution', withDates);
export const ListExecutionsCommand = commandOf('ListExecutions', ({ executions = [], ...output }) => ({
  ...output,
  executions: (executions as Record<string, unknown>[]).map(withDates),
}));
export const SendTaskSuccessCommand = commandOf('SendTaskSuccess');
export const StartExecutionCommand = commandOf('StartExecution', withDates);
export const StopExecutionCommand = commandOf('StopExecution', withDates);

/** The service sends epoch seconds. */
function withDates(output: Record<string, unknown>): Record<string, unknown> {
  const dates = Object.entries(output).flatMap(([name, value]) =>
    name.endsWith('Date') && typeof value === 'number' ? [[name, new Date(value * 1000)]] : [],
  );
  return { ...output, ...Object.fromEntries(dates) };
}
