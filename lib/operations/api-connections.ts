/** APIs of others that may be called with credentials of the operator's: allowed by name, at deploy. */
import { Arn, ArnFormat } from 'aws-cdk-lib';
import { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct, Node } from 'constructs';

export interface ApiConnection {
  /** What callers call it: lower-case letters, digits and hyphens. */
  readonly name: string;
  /** Everything that may be called is below it: `https://api.example.com/v2`, without a slash at the end. */
  readonly root: string;
  /** Of a connection in EventBridge, which has the credentials. */
  readonly connectionArn: string;
}

const KEY = 'apiConnections';
const EXAMPLE =
  'crm https://api.example.com/v2 arn:aws:events:eu-central-1:111122223333:connection/crm/11112222-3333-4444-5555-666677778888';
/** Underscores are what the names of states are put together with. */
const NAME = /^[a-z][a-z0-9-]{0,31}$/;
const CONNECTION_ARN = /^arn:aws[\w-]*:events:[a-z0-9-]+:\d{12}:connection\/[\w.-]+\/[0-9a-f-]{36}$/;

/** @throws Error that names the key of the CDK context, the value and the remedy */
export function readApis(node: Node): readonly ApiConnection[] {
  const value: unknown = node.tryGetContext(KEY) ?? '';
  const entries = String(value)
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  const apis = entries.map((entry) => {
    const [name = '', url = '', connectionArn = '', ...more] = entry.split(/\s+/);
    if (more.length > 0 || !connectionArn) throw refused(entry, 'is not a name, a URL and an ARN');
    if (!NAME.test(name)) throw refused(name, 'is no name of lower-case letters, digits and hyphens');
    if (!CONNECTION_ARN.test(connectionArn)) throw refused(connectionArn, 'is no ARN of a connection');
    return { name, root: rootOf(url), connectionArn };
  });
  const twice = apis.find(({ name }, index) => apis.findIndex((api) => api.name === name) < index);
  if (twice) throw refused(twice.name, 'is there twice');
  return apis;
}

function rootOf(url: string): string {
  const { protocol, username, password, search, hash, href } = URL.canParse(url) ? new URL(url) : ({} as URL);
  if (protocol !== 'https:') throw refused(url, 'is no https URL');
  if (username || password) throw refused(url, 'has credentials, which belong in the connection');
  if (search || hash) throw refused(url, 'has a query or a fragment');
  const root = href.replace(/\/$/, '');
  // The machine puts it between quotes, and IAM takes some characters for any text.
  if (/[^\w\-.~:/%]/.test(root)) throw refused(url, 'has a character that stands for something else here');
  return root;
}

function refused(value: string, reason: string): Error {
  return new Error(
    `${KEY}: "${value}" ${reason}. Give a name, a URL and the ARN of a connection for each, separated by commas: -c ${KEY}="${EXAMPLE}"`,
  );
}

/** What a step needs to know of them, as JSON. */
export function rootsOf(apis: readonly ApiConnection[]): string {
  return JSON.stringify(Object.fromEntries(apis.map(({ name, root }) => [name, root])));
}

/**
 * To call what is below the roots with the credentials of the connections: nothing else, and only this machine. CDK's own
 * task would allow `https://api.example.com*`, which `https://api.example.com.evil.com` is as well.
 */
export function grantCalls(scope: Construct, machine: StateMachine, apis: readonly ApiConnection[]): void {
  if (apis.length === 0) return;
  new Policy(scope, 'Calls', {
    // A policy apart from the role's own, on which the machine depends: this one depends on the machine.
    roles: [machine.role],
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
        resources: apis.map(({ connectionArn }) => secretsOf(connectionArn)),
      }),
    ],
  });
}

/** EventBridge keeps a connection's credentials under its name, and an id that nobody can know before. */
function secretsOf(connectionArn: string): string {
  const {
    partition,
    region,
    account,
    resourceName = '',
  } = Arn.split(connectionArn, ArnFormat.SLASH_RESOURCE_NAME);
  const [name] = resourceName.split('/');
  return `arn:${partition}:secretsmanager:${region}:${account}:secret:events!connection/${name}/*`;
}
