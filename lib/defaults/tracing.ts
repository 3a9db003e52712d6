/** Defines what records the traces of the service. */
import { Stack, Token } from 'aws-cdk-lib';
import { type Function as LambdaFunction, LayerVersion, Tracing } from 'aws-cdk-lib/aws-lambda';
import type { Construct, Node } from 'constructs';

/**
 * What records traces.
 * - `xray`: X-Ray records the API, the functions and the state machines. It keeps the first request of each second and 5 % of the
 *   others.
 * - `none`: nothing is recorded. Requests, log lines and webhooks keep their trace ids.
 * - `AdotTracing`: X-Ray, and the spans of the service itself.
 */
export type TracingChoice = 'xray' | 'none' | AdotTracing;

/**
 * Adds the spans of requests, starts, steps and deliveries to X-Ray, with AWS Distro for OpenTelemetry (ADOT). Its layer makes the
 * cold start of each function longer. Sandboxes get no layer. X-Ray's sampling decides for the spans too.
 *
 * No test of this project runs the layer, which needs an AWS account: try it in a test account first.
 * @see https://aws-otel.github.io/docs/getting-started/lambda
 */
export interface AdotTracing {
  /**
   * ARN of a version of the layer `AWSOpenTelemetryDistroJs`, or of a copy, in the region of the stack. It serves both
   * architectures. The older layers `aws-otel-nodejs-…` have another wrapper and do not work.
   */
  readonly adotLayerArn: string;
}

const KEY = 'mcp-async-operations:tracing';
const LAYER = /^arn:aws[\w-]*:lambda:([a-z0-9-]+):\d{12}:layer:(?!aws-otel-)[\w-]+:\d+$/;

/** About 210 of the 4,096 bytes of a function's variables. A function's own variables replace them. */
const ADOT_ENVIRONMENT = {
  AWS_LAMBDA_EXEC_WRAPPER: '/opt/otel-instrument',
  // A span of the service is recorded when X-Ray keeps the request, and nothing else is.
  OTEL_TRACES_SAMPLER: 'parentbased_always_off',
  // The instrumentation of handlers breaks those that stream their response (opentelemetry-js-contrib issue 2827). That of HTTP
  // would add headers to webhooks.
  OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'aws-lambda,http',
  // Without a list, the layer loads all.
  OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'aws-sdk',
  OTEL_AWS_APPLICATION_SIGNALS_ENABLED: 'false',
};

/**
 * Sets what records the traces of all resources below a construct that has no children yet.
 * @throws Error naming the value and the remedy
 */
export function setTracing(scope: Construct, choice: TracingChoice): void {
  if (typeof choice === 'object') checkLayer(scope, choice);
  else if (choice !== 'xray' && choice !== 'none') {
    throw new Error(`tracing is "${choice}": choose xray, none or { adotLayerArn }.`);
  }
  scope.node.setContext(KEY, choice);
}

function checkLayer(scope: Construct, { adotLayerArn }: AdotTracing): void {
  if (Token.isUnresolved(adotLayerArn)) return;
  const [, layerRegion] = LAYER.exec(adotLayerArn) ?? [];
  const { region } = Stack.of(scope);
  if (layerRegion !== undefined && (Token.isUnresolved(region) || layerRegion === region)) return;
  throw new Error(
    layerRegion === undefined
      ? `tracing.adotLayerArn is "${adotLayerArn}": give the ARN of a version of the layer AWSOpenTelemetryDistroJs.`
      : `tracing.adotLayerArn is in the region ${layerRegion}, and the stack is in ${region}: give the layer of ${region}.`,
  );
}

/** Reads `tracing` from the CDK context: `xray`, `none` or the ARN of the layer. @returns undefined when it is not set */
export function readTracing(node: Node): TracingChoice | undefined {
  const value: unknown = node.tryGetContext('tracing');
  if (value === undefined || value === '') return undefined;
  return String(value).startsWith('arn:') ? { adotLayerArn: String(value) } : (value as TracingChoice);
}

/** Returns whether X-Ray traces a resource. */
export function isTraced(scope: Construct): boolean {
  return choiceOf(scope) !== 'none';
}

/** Returns the tracing of a function. */
export function functionTracing(scope: Construct): Tracing {
  return isTraced(scope) ? Tracing.ACTIVE : Tracing.DISABLED;
}

/** Returns the environment variables that a function needs for its spans. */
export function adotEnvironment(scope: Construct): Readonly<Record<string, string>> {
  return hasAdotLayer(scope) ? ADOT_ENVIRONMENT : {};
}

/** Whether functions have the layer of ADOT, which needs memory of its own. */
export function hasAdotLayer(scope: Construct): boolean {
  return typeof choiceOf(scope) === 'object';
}

/** Adds the layer of ADOT, if there is one. */
export function addAdotLayer(fn: LambdaFunction): void {
  const choice = choiceOf(fn);
  if (typeof choice === 'object') {
    fn.addLayers(LayerVersion.fromLayerVersionArn(fn, 'Adot', choice.adotLayerArn));
  }
}

function choiceOf(scope: Construct): TracingChoice {
  return scope.node.tryGetContext(KEY) ?? 'xray';
}
