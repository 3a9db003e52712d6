/** Defines how callers authenticate, and reads that choice from the CDK context. Authentication is always required. */

import { Token } from 'aws-cdk-lib';
import type { Node } from 'constructs';
import { contextText } from '../defaults/context-text.ts';
import { LOCAL_CONTEXT } from '../defaults/local-context.ts';

/**
 * How callers authenticate: signed requests (IAM), tokens of your identity provider (OIDC), or a Cognito user pool.
 * @example
 * ```ts
 * new AsyncOperations(stack, 'Operations', {
 *   operations,
 *   authorization: { mode: 'oidc', issuer: 'https://id.example.com' },
 * });
 * ```
 */
export type AuthorizationChoice = IamAuthorization | OidcAuthorization | CognitoAuthorization;

/** Callers sign requests with AWS credentials (SigV4): for programs on AWS. The IAM principal owns its jobs. */
export interface IamAuthorization {
  /** Selects this way to authenticate. */
  readonly mode: 'iam';
  /**
   * ARNs of the IAM users and roles that are operators: at most ten. They see the jobs of all owners without their content,
   * cancel jobs and replay deliveries. IAM policies alone make nobody an operator: many of them allow the whole API.
   * @default nobody is an operator
   */
  readonly operators?: readonly string[];
}

/** Callers send access tokens of your OpenID Connect identity provider. */
export interface OidcAuthorization {
  /** Selects this way to authenticate. */
  readonly mode: 'oidc';
  /** Issuer URL, exactly as in the provider's metadata and tokens, including a trailing slash if it has one. */
  readonly issuer: string;
  /** Expected `aud` claim of access tokens. @default the URL of the MCP endpoint, or of the API (RFC 8707) */
  readonly audience?: string;
  /**
   * Name of a claim of the access token. Users with the same value share one owner. Choose a claim that users cannot change.
   * @default each user is an owner
   */
  readonly tenantClaim?: string;
  /** Prefix of each scope that clients request, such as `api://jobs/` for Entra ID. @default '' */
  readonly scopePrefix?: string;
  /**
   * Id of the identity provider's public client for the console. The client redirects to `…/console`.
   * @default none: nobody can sign in to the console
   */
  readonly consoleClientId?: string;
  /**
   * Claim that the scope `jobs:operate` needs besides itself, such as `groups`: many providers give every user the scopes that a
   * client requests. Choose a claim that users cannot change.
   * @default nobody has the scope
   */
  readonly operatorClaim?: string;
  /** Value of `operatorClaim`, or one of its values. @default 'operators' */
  readonly operatorValue?: string;
  /**
   * MCP extensions of authorization that your identity provider supports. The endpoint declares them in `server/discover`, so that
   * clients know without a trial. Tokens from these flows are accepted whether or not an extension is named here.
   * @default none
   */
  readonly extensions?: readonly AuthorizationExtension[];
  /**
   * Accepts an http issuer on loopback: for the local cloud. On AWS such a stack rejects every caller.
   * @default false
   */
  readonly allowLoopbackIssuer?: boolean;
}

/**
 * - `oauth-client-credentials`: programs sign in without a user (the grant `client_credentials`).
 * - `enterprise-managed-authorization`: the provider accepts an ID-JAG of the enterprise's identity provider, so that employees
 *   get a token without a sign-in of their own.
 */
export type AuthorizationExtension = (typeof AUTHORIZATION_EXTENSIONS)[number];

const AUTHORIZATION_EXTENSIONS = ['oauth-client-credentials', 'enterprise-managed-authorization'] as const;

/**
 * Returns the extensions that the endpoint declares. The user pool has a client for programs, and its metadata has what
 * ext-auth, oauth-client-credentials.mdx, "Server Metadata Requirements" asks for.
 */
export function authorizationExtensions(choice: AuthorizationChoice): readonly AuthorizationExtension[] {
  if (choice.mode === 'cognito') return ['oauth-client-credentials'];
  return (choice.mode === 'oidc' && choice.extensions) || [];
}

/**
 * Callers send access tokens of a Cognito user pool that the stack creates. Users join by invitation only. Members of its group
 * `operators` are operators.
 */
export interface CognitoAuthorization {
  /** Selects this way to authenticate. */
  readonly mode: 'cognito';
  /**
   * Redirect URLs after sign-in: https, or http://localhost with a port.
   * @default `http://localhost:8080/callback`
   */
  readonly redirectUrls?: readonly string[];
  /**
   * URL patterns of the metadata documents of clients (CIMD) that sign in without a client id from you: https, without a query, and
   * with `*` only in the path. With an empty list, clients need the client id of the pool.
   * @default Claude, Claude Code, ChatGPT, Codex, VS Code and Cursor
   */
  readonly clientMetadataUrls?: readonly string[];
  /**
   * Lets any program register a client in the user pool (RFC 7591). Each registration counts towards the quota of app clients, and
   * nobody verifies the name that a client gives itself.
   * @default false
   */
  readonly dynamicRegistration?: boolean;
}

/** The default: a Cognito user pool of the stack. */
export const DEFAULT_AUTHORIZATION: AuthorizationChoice = { mode: 'cognito' };

/** Keys of the CDK context, by mode: `-c authorization=oidc -c issuer=…`. */
const OPTIONS = {
  iam: ['operators'],
  oidc: [
    'issuer',
    'audience',
    'tenantClaim',
    'scopePrefix',
    'consoleClientId',
    'operatorClaim',
    'operatorValue',
    'authorizationExtensions',
    'allowLoopbackIssuer',
  ],
  cognito: ['redirectUrls', 'clientMetadataUrls', 'dynamicRegistration'],
} as const satisfies Record<AuthorizationChoice['mode'], readonly string[]>;

/** Reads the choice from the CDK context. @throws Error naming the key and the remedy, for a value that cannot be deployed */
export function readAuthorization(node: Pick<Node, 'tryGetContext'>): AuthorizationChoice {
  const read = (key: string) => contextText(node, key);
  const mode = read('authorization') ?? DEFAULT_AUTHORIZATION.mode;
  if (!isMode(mode)) {
    throw new Error(`authorization is "${mode}": choose one of ${Object.keys(OPTIONS).join(', ')}.`);
  }
  const accepted: readonly string[] = OPTIONS[mode];
  const unexpected = Object.values(OPTIONS)
    .flat()
    .find((key) => read(key) !== undefined && !accepted.includes(key));
  if (unexpected) {
    throw new Error(
      `${unexpected} does not apply to authorization=${mode}: remove it, or choose another authorization.`,
    );
  }

  switch (mode) {
    case 'iam':
      return { mode, operators: read('operators')?.split(',') };
    case 'cognito':
      return {
        mode,
        redirectUrls: read('redirectUrls')?.split(','),
        clientMetadataUrls: readUrls(read('clientMetadataUrls')),
        dynamicRegistration: readFlag('dynamicRegistration', read('dynamicRegistration')),
      };
    case 'oidc': {
      const issuer = read('issuer');
      if (!issuer)
        throw new Error('issuer is missing: authorization=oidc needs it. Add -c issuer=https://….');
      const allowLoopbackIssuer = read('allowLoopbackIssuer') === 'true';
      const options = {
        audience: read('audience'),
        tenantClaim: read('tenantClaim'),
        scopePrefix: read('scopePrefix'),
        consoleClientId: read('consoleClientId'),
        operatorClaim: read('operatorClaim'),
        operatorValue: read('operatorValue'),
        // `checkOidc` checks the names.
        extensions: read('authorizationExtensions')?.split(',') as OidcAuthorization['extensions'],
      };
      return { mode, issuer, ...options, allowLoopbackIssuer };
    }
  }
}

/** @returns an empty list for `none` */
function readUrls(text: string | undefined): readonly string[] | undefined {
  return text === 'none' ? [] : text?.split(',');
}

function readFlag(key: string, text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  if (text !== 'true' && text !== 'false') throw new Error(`${key} is "${text}": give true or false.`);
  return text === 'true';
}

/**
 * Reads the authorization that the local cloud sets. It replaces the app's choice, because the local cloud has no user pool.
 * @returns undefined when the app is synthesized for AWS
 */
export function localAuthorization(node: Node): AuthorizationChoice | undefined {
  const context: unknown = node.tryGetContext(LOCAL_CONTEXT);
  if (typeof context !== 'object' || context === null) return undefined;
  const entries: ReadonlyMap<string, unknown> = new Map(Object.entries(context));
  return readAuthorization({ tryGetContext: (key: string) => entries.get(key) });
}

function isMode(mode: string): mode is AuthorizationChoice['mode'] {
  return Object.hasOwn(OPTIONS, mode);
}

/** They are in the environment of a function, which has 4 KB. */
const MAX_OPERATORS = 10;
const PRINCIPAL = /^arn:[\w-]+:iam::\d{12}:(user|role)\/[\w+=,.@/-]+$/;

/** @throws Error naming the value and the remedy, for an operator who is neither an IAM user nor a role */
export function checkIam({ operators = [] }: IamAuthorization): void {
  const unusable = operators.find((arn) => !Token.isUnresolved(arn) && !PRINCIPAL.test(arn));
  if (unusable !== undefined) {
    throw new Error(
      `operators contains "${unusable}", which is not the ARN of an IAM user or role: give arn:aws:iam::ACCOUNT:role/NAME.`,
    );
  }
  if (operators.length > MAX_OPERATORS) {
    throw new Error(
      `operators has ${operators.length} ARNs; ${MAX_OPERATORS} is the limit. Give a role that all operators assume.`,
    );
  }
}

/** @throws Error naming the option, the value and the remedy, for an issuer, audience or prefix that no token can have */
export function checkOidc({
  issuer,
  audience,
  scopePrefix = '',
  operatorClaim,
  operatorValue,
  extensions = [],
  allowLoopbackIssuer = false,
}: OidcAuthorization): void {
  const url = URL.parse(issuer);
  if (!url || /[\s"'\\]/.test(issuer) || url.search || url.hash || url.username) {
    throw new Error(
      `issuer "${issuer}" is not an issuer URL: give the identity provider's https URL, exactly as in its metadata.`,
    );
  }
  const isLoopback = url.protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  if (url.protocol !== 'https:' && !(isLoopback && allowLoopbackIssuer)) {
    throw new Error(
      `issuer "${issuer}" is not https: give an https URL, so that nobody can replace the signing keys.`,
    );
  }
  if (audience !== undefined && /\s/.test(audience)) {
    throw new Error(`audience "${audience}" contains a space: give one audience, without spaces.`);
  }
  if (operatorValue !== undefined && operatorClaim === undefined) {
    throw new Error(
      `operatorValue "${operatorValue}" needs operatorClaim: give the claim whose value makes an operator.`,
    );
  }
  const unknown = extensions.find((name) => !AUTHORIZATION_EXTENSIONS.includes(name));
  if (unknown !== undefined) {
    throw new Error(
      `extensions contains "${unknown}": give ${AUTHORIZATION_EXTENSIONS.join(' or ')}, if the provider supports it.`,
    );
  }
  if (/[\s"'\\]/.test(scopePrefix)) {
    throw new Error(
      `scopePrefix "${scopePrefix}" contains a character that scopes cannot have: give it exactly as the provider defines it.`,
    );
  }
}
