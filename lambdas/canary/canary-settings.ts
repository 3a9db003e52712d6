/** Defines the settings that the construct of the canary passes to its function. */

/** The table of the canary's runs. */
export const CanaryTable = {
  /** The token in the path of the run's webhook. */
  partitionKey: 'token',
  ttlAttribute: 'expiresAt',
} as const;

/** Path of the webhooks, to which the token of a run is added. */
export const CANARY_PATH = '/canary';

/** The environment variable `CANARY`, as JSON. */
export interface CanarySettings {
  /** Name of the tool that starts the operation. */
  readonly tool: string;
  /** Input of each job. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly signIn: CanarySignIn;
}

/** Signs requests with the function's role, or sends an access token of a client of its own. */
export type CanarySignIn = { readonly mode: 'iam' } | TokenSignIn;

/** The grant `client_credentials` (RFC 6749, section 4.4). */
export interface TokenSignIn {
  readonly mode: 'token';
  /** The token endpoint, or the issuer whose metadata names it. */
  readonly server: { readonly tokenEndpoint: string } | { readonly issuer: string };
  /** A client of a Cognito user pool, a secret with `ClientCredentials` as JSON, or, in the local cloud only, the credentials. */
  readonly client:
    | { readonly userPoolId: string; readonly clientId: string }
    | { readonly secretArn: string }
    | ClientCredentials;
  /** Parameters of the token request, such as `scope`. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** Further members, such as `audience`, are parameters of the token request. */
export type ClientCredentials = {
  readonly client_id: string;
  readonly client_secret: string;
} & Readonly<Record<string, string>>;
