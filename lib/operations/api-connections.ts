/** Reads the APIs that operations may call with credentials of EventBridge connections, and grants those calls. */
import { Arn, ArnFormat } from 'aws-cdk-lib';
import { type IRole, Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct, Node } from 'constructs';
import { secretKeysStatement } from './kms-keys.ts';

/**
 * An API that operations may call. Step Functions adds the credentials of its EventBridge connection.
 * @example
 * ```ts
 * const { connectionArn } = crmConnection;
 * new AsyncOperations(stack, 'Operations', {
 *   operations,
 *   apis: [{ name: 'crm', root: 'https://api.example.com/v2', connectionArn }],
 * });
 * ```
 */
export interface ApiConnection {
  /** Name that operations use: up to 32 lower-case letters, digits and hyphens, starting with a letter. */
  readonly name: string;
  /** URL prefix of all allowed calls, without a trailing slash: `https://api.example.com/v2`. */
  readonly root: string;
  /** ARN of the EventBridge connection that contains the credentials. */
  readonly connectionArn: string;
}

const KEY = 'apiConnections';
const EXAMPLE =
  'crm https://api.example.com/v2 arn:aws:events:eu-central-1:111122223333:connection/crm/11112222-3333-4444-5555-666677778888';
/** No underscores: state names use them as separators. */
const NAME = /^[a-z][a-z0-9-]{0,31}$/;
const CONNECTION_ARN = /^arn:aws[\w-]*:events:[a-z0-9-]+:\d{12}:connection\/[\w.-]+\/[0-9a-f-]{36}$/;

/** Reads `apiConnections` of the CDK context. @throws Error naming the key, the value and the remedy */
export function readApis(node: Node): readonly ApiConnection[] {
  const value: unknown = node.tryGetContext(KEY) ?? '';
  const entries = String(value)
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  const apis = entries.map((entry) => {
    const [name = '', url = '', connectionArn = '', ...more] = entry.split(/\s+/);
    if (more.length > 0 || !connectionArn) throw invalidEntry(entry, 'is not a name, a URL and an ARN');
    if (!NAME.test(name)) throw invalidEntry(name, 'is not a name of lower-case letters, digits and hyphens');
    if (!CONNECTION_ARN.test(connectionArn))
      throw invalidEntry(connectionArn, 'is not the ARN of a connection');
    return { name, root: rootOf(url), connectionArn };
  });
  const duplicate = apis.find(({ name }, index) => apis.findIndex((api) => api.name === name) < index);
  if (duplicate) throw invalidEntry(duplicate.name, 'is defined twice');
  return apis;
}

function rootOf(url: string): string {
  const { protocol, username, password, search, hash, href } = URL.canParse(url) ? new URL(url) : ({} as URL);
  if (protocol !== 'https:') throw invalidEntry(url, 'is not an https URL');
  if (username || password) throw invalidEntry(url, 'contains credentials, which belong in the connection');
  if (search || hash) throw invalidEntry(url, 'has a query or a fragment');
  const root = href.replace(/\/$/, '');
  // The state machine quotes this text, and IAM reads some characters as wildcards.
  if (/[^\w\-.~:/%]/.test(root)) throw invalidEntry(url, 'contains a reserved character');
  return root;
}

function invalidEntry(value: string, reason: string): Error {
  return new Error(
    `${KEY}: "${value}" ${reason}. Give a name, a URL and the ARN of a connection for each, separated by commas: -c ${KEY}="${EXAMPLE}"`,
  );
}

/** Returns the roots by name, as JSON, for the environment of a step function. */
export function apiRoots(apis: readonly ApiConnection[]): string {
  return JSON.stringify(Object.fromEntries(apis.map(({ name, root }) => [name, root])));
}

/**
 * Allows the state machine to call URLs below the roots with the credentials of the connections, and nothing else. CDK's task
 * would allow `https://api.example.com*`, which also matches `https://api.example.com.evil.com`.
 * @param options.kmsKeys ARNs of the keys that encrypt the credentials, where these are customer managed
 */
export function grantCalls(
  scope: Construct,
  { machine, role }: { readonly machine: StateMachine; readonly role: IRole },
  { apis, kmsKeys }: { readonly apis: readonly ApiConnection[]; readonly kmsKeys: readonly string[] },
): void {
  if (apis.length === 0) return;
  const secretArns = apis.map(({ connectionArn }) => connectionSecretsArn(connectionArn));
  new Policy(scope, 'Calls', {
    // A separate policy: the state machine depends on its role, and this policy depends on the machine.
    roles: [role],
    statements: [
      new PolicyStatement({
        actions: ['states:InvokeHTTPEndpoint'],
        resources: [machine.stateMachineArn],
        conditions: { StringLike: { 'states:HTTPEndpoint': apis.map(({ root }) => `${root}/*`) } },
      }),
      new PolicyStatement({
        actions: ['events:RetrieveConnectionCredentials'],
        resources: apis.map(({ connectionArn }) => connectionArn),
      }),
      new PolicyStatement({
        actions: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
        resources: secretArns,
      }),
      ...(kmsKeys.length > 0 ? [secretKeysStatement(kmsKeys, secretArns)] : []),
    ],
  });
}

/** EventBridge stores a connection's credentials under the connection's name and an unpredictable id. */
function connectionSecretsArn(connectionArn: string): string {
  const {
    partition,
    region,
    account,
    resourceName = '',
  } = Arn.split(connectionArn, ArnFormat.SLASH_RESOURCE_NAME);
  const [name] = resourceName.split('/');
  return `arn:${partition}:secretsmanager:${region}:${account}:secret:events!connection/${name}/*`;
}
