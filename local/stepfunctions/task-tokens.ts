/** Manages task tokens: a waiting task succeeds or fails with the result that the holder of its token sends. */
import { randomUUID } from 'node:crypto';
import { AwsError } from '../shared/aws-json.ts';
import { MAX_OUTPUT_BYTES } from './task-errors.ts';

export class TaskTokens {
  readonly #waiting = new Map<string, PromiseWithResolvers<unknown>>();

  /** Issues a token that contains the ARN of its state machine, because IAM authorizes tokens by state machine. */
  issue(machineArn: string): string {
    return Buffer.from(JSON.stringify([machineArn, randomUUID()])).toString('base64');
  }

  /** @returns the output that is sent for the token; rejects with the error that is sent */
  wait(token: string): Promise<unknown> {
    const waiting = Promise.withResolvers<unknown>();
    // Nothing awaits it after the task has timed out.
    waiting.promise.catch(() => {});
    this.#waiting.set(token, waiting);
    return waiting.promise;
  }

  /** @param output JSON text @throws AwsError */
  succeed(token: string, output: string): void {
    const value = parse(output);
    this.#take(token).resolve(value);
  }

  /** @throws AwsError */
  fail(token: string, error = '', cause = ''): void {
    this.#take(token).reject(Object.assign(new Error(cause), { name: error }));
  }

  /** Rejects the waiting task, because its execution has ended. */
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

/** @returns the ARN of the token's state machine @throws AwsError for an invalid token */
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
    if (Buffer.byteLength(output) <= MAX_OUTPUT_BYTES) return JSON.parse(output);
  } catch {}
  throw new AwsError('InvalidOutput', 'Invalid Output: it must be JSON, 256 KiB at most');
}
