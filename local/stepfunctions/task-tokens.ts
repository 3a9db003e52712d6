/** Task tokens: what waits for one goes on as whoever has it says. */
import { randomUUID } from 'node:crypto';
import { AwsError } from '../shared/aws-json.ts';

export class TaskTokens {
  readonly #waiting = new Map<string, PromiseWithResolvers<unknown>>();

  /** The machine is in it, because what may be done with a token is a right on its machine. */
  issue(machineArn: string): string {
    return Buffer.from(JSON.stringify([machineArn, randomUUID()])).toString('base64');
  }

  /** @returns what the token is used for: rejects with the error that is told. */
  wait(token: string): Promise<unknown> {
    const waiting = Promise.withResolvers<unknown>();
    // Nobody listens any more when the time of the task is over.
    waiting.promise.catch(() => {});
    this.#waiting.set(token, waiting);
    return waiting.promise;
  }

  /** @param output JSON @throws AwsError */
  succeed(token: string, output: string): void {
    const value = parse(output);
    this.#take(token).resolve(value);
  }

  /** @throws AwsError */
  fail(token: string, error = '', cause = ''): void {
    this.#take(token).reject(Object.assign(new Error(cause), { name: error }));
  }

  /** The execution that waits is over. */
  revoke(token: string): void {
    this.#waiting.get(token)?.reject(new Error('The execution is over.'));
    this.#waiting.delete(token);
  }

  #take(token: string): PromiseWithResolvers<unknown> {
    machineOfToken(token);
    const waiting = this.#waiting.get(token);
    if (!waiting)
      throw new AwsError('TaskTimedOut', "Task Timed Out: 'Provided task does not exist anymore'");
    this.#waiting.delete(token);
    return waiting;
  }
}

/** @returns the ARN @throws AwsError for what is no token */
export function machineOfToken(token: string): string {
  try {
    const [machineArn] = JSON.parse(Buffer.from(token, 'base64').toString()) as [string, string];
    return machineArn;
  } catch {
    throw new AwsError('InvalidToken', `Invalid Token: '${token}'`);
  }
}

function parse(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch {
    throw new AwsError('InvalidOutput', 'Invalid Output: it must be JSON');
  }
}
