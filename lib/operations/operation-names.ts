/**
 * Names the function and the state machine of each operation with one prefix. One pattern then covers all of them, whatever
 * their number: in IAM policies, in the rule for executions, and in the environment of functions. It also covers executions of
 * operations that a deploy has changed or removed.
 */
import { createHash } from 'node:crypto';
import { ArnFormat, Lazy, Stack } from 'aws-cdk-lib';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { Env } from '../../lambdas/shared/env.ts';
import { deploymentName } from '../defaults/deployment-name.ts';

/** Lambda allows 64 characters, and the name of an operation has at most 48. The rest is six, eight and two hyphens. */
const READABLE_CHARACTERS = 6;
const HASH_CHARACTERS = 8;
/** A role has 10,240 characters for its policies, and an ARN some 110. */
const MAX_NAMED_OPERATIONS = 40;

export class OperationNames {
  readonly #scope: Construct;
  readonly #prefix: string;
  /** Names of external state machines by operation. */
  readonly #external = new Map<string, string>();

  constructor(scope: Construct) {
    this.#scope = scope;
    const name = deploymentName(scope);
    const hash = createHash('sha256').update(name).digest('hex');
    this.#prefix = `${name.slice(0, READABLE_CHARACTERS)}-${hash.slice(0, HASH_CHARACTERS)}-`;
  }

  /** Returns the name of the function and the state machine of an operation. */
  of(operation: string): string {
    return `${this.#prefix}${operation}`;
  }

  /** Returns the start of the ARN of every state machine. */
  get stateMachineArnPrefix(): string {
    return this.#arn('states', 'stateMachine', this.#prefix);
  }

  /** Returns a pattern for the published versions of every function. */
  get functionVersionArns(): string {
    return this.#arn('lambda', 'function', `${this.#prefix}*:*`);
  }

  /** Registers the external state machine of an operation. */
  addExternal(operation: string, stateMachineName: string): void {
    this.#external.set(operation, stateMachineName);
  }

  /** Allows a function to start and stop executions. */
  grantRun(fn: LambdaFunction): void {
    this.#grantStart(fn);
    this.#grant(fn, 'StopExecution', this.#executionArns);
  }

  /** Allows a function to stop executions. */
  grantStop(fn: LambdaFunction): void {
    this.addStateMachines(fn);
    this.#grant(fn, 'StopExecution', this.#executionArns);
  }

  /** Allows a function to read what the steps of ended executions returned. */
  grantRetry(fn: LambdaFunction): void {
    this.#grant(fn, 'GetExecutionHistory', this.#executionArns);
  }

  /** Allows a function to start, list and read executions, and to stop those of removed operations. */
  grantReconcile(fn: LambdaFunction): void {
    this.#grantStart(fn);
    this.#grant(fn, 'ListExecutions', this.#stateMachineArns);
    this.#grant(fn, 'DescribeExecution', this.#executionArns);
    this.#grant(fn, 'StopExecution', this.#executionArns);
  }

  /** Allows a function to resume executions that wait for answers. */
  grantResume(fn: LambdaFunction): void {
    this.#grant(fn, 'SendTaskSuccess', this.#stateMachineArns);
  }

  /**
   * Allows a function to report on steps in sandboxes to their executions, and to let their runners end them.
   * @param operations those with a sandbox
   */
  grantReport(fn: LambdaFunction, operations: readonly string[]): void {
    for (const action of ['SendTaskHeartbeat', 'SendTaskSuccess', 'SendTaskFailure']) {
      this.#grant(fn, action, this.#stateMachineArns);
    }
    Grant.addToPrincipal({
      grantee: fn,
      actions: ['lambda:InvokeFunction'],
      resourceArns:
        operations.length > MAX_NAMED_OPERATIONS
          ? [this.functionVersionArns]
          : operations.map((operation) => this.#arn('lambda', 'function', `${this.of(operation)}:*`)),
    });
  }

  /** Sets the environment variables with which a function finds the state machine of each operation. */
  addStateMachines(fn: LambdaFunction): void {
    fn.addEnvironment(Env.stateMachineArnPrefix, this.stateMachineArnPrefix);
    fn.addEnvironment(Env.externalStateMachines, Lazy.string({ produce: () => this.#externalNames() }));
  }

  /** Sets the environment variable with which a function finds the function of each operation. */
  addFunctions(fn: LambdaFunction): void {
    fn.addEnvironment(Env.functionNamePrefix, this.#prefix);
  }

  get #stateMachineArns(): string {
    return `${this.stateMachineArnPrefix}*`;
  }

  get #executionArns(): string {
    return this.#arn('states', 'execution', `${this.#prefix}*:*`);
  }

  #grantStart(fn: LambdaFunction): void {
    this.#grant(fn, 'StartExecution', this.#stateMachineArns);
    this.addStateMachines(fn);
  }

  #grant(grantee: LambdaFunction, action: string, resourceArn: string): void {
    Grant.addToPrincipal({ grantee, actions: [`states:${action}`], resourceArns: [resourceArn] });
  }

  #externalNames(): string | undefined {
    return this.#external.size > 0 ? JSON.stringify(Object.fromEntries(this.#external)) : undefined;
  }

  #arn(service: string, resource: string, resourceName: string): string {
    const arnFormat = ArnFormat.COLON_RESOURCE_NAME;
    return Stack.of(this.#scope).formatArn({ service, resource, resourceName, arnFormat });
  }
}
