/** Who is let in: chosen when the stack is deployed, and closed to everybody else in each case. */
import type { Node } from 'constructs';
import { LOCAL_CONTEXT } from '../defaults/local-context.ts';

export type AuthorizationChoice = IamAuthorization | OidcAuthorization | CognitoAuthorization;

/** Requests are signed (SigV4): for programs on AWS. The principal is the owner. */
export interface IamAuthorization {
  readonly mode: 'iam';
}

/** Access tokens of an identity provider that is there already. */
export interface OidcAuthorization {
  readonly mode: 'oidc';
  /** As the identity provider spells itself in its metadata and in tokens, to the last slash. */
  readonly issuer: string;
  /** What tokens have as `aud`. @default the URL of the MCP endpoint, or that of the API (RFC 8707) */
  readonly audience?: string;
  /**
   * The claim of access tokens whose value makes its holders one owner: one that users cannot change themselves.
   * @default every user is an owner
   */
  readonly tenantClaim?: string;
  /** In front of each scope where clients are told what to ask for, such as `api://jobs/` for Entra ID. @default '' */
  readonly scopePrefix?: string;
  /**
   * The issuer may be http on this machine: for the local cloud. On AWS such a stack lets nobody in.
   * @default false
   */
  readonly allowLoopbackIssuer?: boolean;
}

/** Access tokens of a user pool that is made with the stack. */
export interface CognitoAuthorization {
  readonly mode: 'cognito';
  /**
   * Where users come back to once they have signed in: https, or http://localhost with its port.
   * @default http://localhost:8080/callback
   */
  readonly redirectUrls?: readonly string[];
}

export const DEFAULT_AUTHORIZATION: AuthorizationChoice = { mode: 'cognito' };

/** The keys of the CDK context, by mode: `-c authorization=oidc -c issuer=…`. */
const OPTIONS = {
  iam: [],
  oidc: ['issuer', 'audience', 'tenantClaim', 'scopePrefix', 'allowLoopbackIssuer'],
  cognito: ['redirectUrls'],
} as const satisfies Record<AuthorizationChoice['mode'], readonly string[]>;

/** @throws Error that names the key and the remedy, for what cannot be deployed as it is meant. */
export function readAuthorization(node: Pick<Node, 'tryGetContext'>): AuthorizationChoice {
  const read = (key: string) => {
    const value: unknown = node.tryGetContext(key);
    return value === undefined || value === '' ? undefined : String(value);
  };
  const mode = read('authorization') ?? DEFAULT_AUTHORIZATION.mode;
  if (!isMode(mode)) {
    throw new Error(`authorization: "${mode}" is none. Choose one of ${Object.keys(OPTIONS).join(', ')}.`);
  }
  const taken: readonly string[] = OPTIONS[mode];
  const stray = Object.values(OPTIONS)
    .flat()
    .find((key) => read(key) !== undefined && !taken.includes(key));
  if (stray)
    throw new Error(`${stray}: authorization=${mode} does not take it. Leave it out, or choose another.`);

  switch (mode) {
    case 'iam':
      return { mode };
    case 'cognito':
      return { mode, redirectUrls: read('redirectUrls')?.split(',') };
    case 'oidc': {
      const issuer = read('issuer');
      if (!issuer) throw new Error('issuer: authorization=oidc needs it. Add -c issuer=https://….');
      const allowLoopbackIssuer = read('allowLoopbackIssuer') === 'true';
      const options = {
        audience: read('audience'),
        tenantClaim: read('tenantClaim'),
        scopePrefix: read('scopePrefix'),
      };
      return { mode, issuer, ...options, allowLoopbackIssuer };
    }
  }
}

/**
 * What the local cloud asks for, in place of what the app says: it has no user pool.
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

/** @throws Error for an issuer or an audience that no token can rightly have. */
export function checkOidc({
  issuer,
  audience,
  scopePrefix = '',
  allowLoopbackIssuer = false,
}: OidcAuthorization): void {
  const url = URL.parse(issuer);
  if (!url || /[\s"'\\]/.test(issuer) || url.search || url.hash || url.username) {
    throw new Error(`issuer: "${issuer}" is none. Give the identity provider's https URL as it spells it.`);
  }
  const isLoopback = url.protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  if (url.protocol !== 'https:' && !(isLoopback && allowLoopbackIssuer)) {
    throw new Error(`issuer: "${issuer}" is not https. Tokens are only as good as the way to the keys.`);
  }
  if (audience !== undefined && /\s/.test(audience)) {
    throw new Error(`audience: "${audience}" has a space, which no audience has.`);
  }
  if (/[\s"'\\]/.test(scopePrefix)) {
    throw new Error(
      `scopePrefix: "${scopePrefix}" has a character that no scope has. Give it as the provider spells it.`,
    );
  }
}
