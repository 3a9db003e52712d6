/** Manages task tokens: a waiting task succeeds or fails with the result that the holder of its token sends. */
import { randomUUID } from 'node:crypto';
import { AwsError } from '../shared/aws-json.ts';
import { MAX_OUTPUT_BYTES, named } from './task-errors.ts';

interface WaitingTask extends PromiseWithResolvers<unknown> {
  /** Fails the task unless a heartbeat restarts it. Absent for a task without `HeartbeatSeconds`. */
  readonly heartbeat: NodeJS.Timeout | undefined;
}

export class TaskTokens {
  readonly #waiting = new Map<string, WaitingTask>();

  /** Issues a token that contains the ARN of its state machine, because IAM authorizes tokens by state machine. */
  issue(machineArn: string): string {
    return Buffer.from(JSON.stringify([machineArn, randomUUID()])).toString('base64');
  }

  /**
   * @param heartbeatSeconds time without a heartbeat after which the task fails. @default no limit
   * @returns the output that is sent for the token; rejects with the error that is sent
   */
  wait(token: string, heartbeatSeconds?: number): Promise<unknown> {
    const waiting = Promise.withResolvers<unknown>();
    // Nothing awaits it after the task has timed out.
    waiting.promise.catch(() => {});
    const heartbeat =
      heartbeatSeconds === undefined
        ? undefined
        : setTimeout(() => this.#timeOut(token), heartbeatSeconds * 1_000);
    this.#waiting.set(token, { ...waiting, heartbeat });
    return waiting.promise;
  }

  /** Restarts the time to the next heartbeat. @throws AwsError */
  heartbeat(token: string): void {
    this.#find(token).heartbeat?.refresh();
  }

  /** Fails the tasks that wait for a heartbeat, as if their time had passed. @returns their number */
  expireHeartbeats(): number {
    const tokens = [...this.#waiting].filter(([, { heartbeat }]) => heartbeat).map(([token]) => token);
    for (const token of tokens) this.#timeOut(token);
    return tokens.length;
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
    this.#remove(token)?.reject(new Error('The execution is over.'));
  }

  #take(token: string): WaitingTask {
    const waiting = this.#find(token);
    this.#remove(token);
    return waiting;
  }

  #find(token: string): WaitingTask {
    machineOfToken(token);
    const waiting = this.#waiting.get(token);
    if (waiting) return waiting;
    throw new AwsError('TaskTimedOut', "Task Timed Out: 'Provided task does not exist anymore'");
  }

  #timeOut(token: string): void {
    this.#remove(token)?.reject(named('States.HeartbeatTimeout', ''));
  }

  #remove(token: string): WaitingTask | undefined {
    const waiting = this.#waiting.get(token);
    clearTimeout(waiting?.heartbeat);
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
