/** Users and the programs that act for them, for who has no identity provider: Amazon Cognito with its login pages. */
import { Aws, CfnOutput, Duration, Fn, RemovalPolicy } from 'aws-cdk-lib';
import {
  AccountRecovery,
  CfnManagedLoginBranding,
  type CfnUserPoolClient,
  UserPool as CognitoUserPool,
  FeaturePlan,
  ManagedLoginVersion,
  Mfa,
  OAuthScope,
  ResourceServerScope,
} from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import { Scope, scopes } from '../../lambdas/shared/caller.ts';

export interface UserPoolProps {
  /** Where users come back to once they have signed in. @default http://localhost:8080/callback */
  readonly redirectUrls?: readonly string[];
}

/** Of the resource server: the first part of the names of its scopes. */
const RESOURCE_SERVER = 'async-operations';

const DESCRIPTIONS: Readonly<Record<Scope, string>> = {
  [Scope.jobsRead]: 'See your jobs',
  [Scope.jobsWrite]: 'Start and cancel jobs',
  [Scope.webhooksManage]: 'Have others told of your jobs',
};

export class UserPool extends Construct {
  readonly issuer: string;
  /** Whose tokens are for this API. */
  readonly clientIds: readonly string[];
  /** In front of each scope in tokens. */
  readonly scopePrefix = `${RESOURCE_SERVER}/`;
  readonly #loginUrl: string;

  constructor(
    scope: Construct,
    id: string,
    { redirectUrls = ['http://localhost:8080/callback'] }: UserPoolProps,
  ) {
    super(scope, id);
    for (const url of redirectUrls) checkRedirectUrl(url);
    const pool = new CognitoUserPool(this, 'Pool', {
      // Who may come in is invited: there is no sign-up.
      selfSignUpEnabled: false,
      signInAliases: { email: true },
      mfa: Mfa.REQUIRED,
      mfaSecondFactor: { otp: true, sms: false },
      passwordPolicy: {
        minLength: 14,
        requireDigits: true,
        requireLowercase: true,
        requireSymbols: true,
        requireUppercase: true,
      },
      accountRecovery: AccountRecovery.EMAIL_ONLY,
      // The pages, and tokens for one resource (RFC 8707), come with this plan.
      featurePlan: FeaturePlan.ESSENTIALS,
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const resourceScopes = scopes.map(
      (scopeName) => new ResourceServerScope({ scopeName, scopeDescription: DESCRIPTIONS[scopeName] }),
    );
    const resourceServer = pool.addResourceServer('Api', {
      identifier: RESOURCE_SERVER,
      scopes: resourceScopes,
    });
    const domain = pool.addDomain('Domain', {
      // The stack's own id makes it one that nobody has.
      cognitoDomain: { domainPrefix: `${RESOURCE_SERVER}-${Fn.select(0, Fn.split('-', stackGuid()))}` },
      managedLoginVersion: ManagedLoginVersion.NEWER_MANAGED_LOGIN,
    });
    const common = {
      accessTokenValidity: Duration.hours(1),
      enableTokenRevocation: true,
      preventUserExistenceErrors: true,
    };
    const allScopes = resourceScopes.map((each) => OAuthScope.resourceServer(resourceServer, each));
    const people = pool.addClient('People', {
      ...common,
      refreshTokenValidity: Duration.days(30),
      oAuth: {
        flows: { authorizationCodeGrant: true },
        callbackUrls: [...redirectUrls],
        scopes: [OAuthScope.OPENID, ...allScopes],
      },
    });
    const programs = pool.addClient('Programs', {
      ...common,
      generateSecret: true,
      oAuth: { flows: { clientCredentials: true }, scopes: allScopes },
    });
    for (const { node } of [people, programs]) {
      // Nobody hands a password to a client: without this, Cognito would let one ask for it.
      (node.defaultChild as CfnUserPoolClient).explicitAuthFlows = ['ALLOW_REFRESH_TOKEN_AUTH'];
    }
    new CfnManagedLoginBranding(this, 'Pages', {
      userPoolId: pool.userPoolId,
      clientId: people.userPoolClientId,
      useCognitoProvidedValues: true,
    });
    this.#loginUrl = domain.baseUrl();
    this.issuer = `https://cognito-idp.${Aws.REGION}.${Aws.URL_SUFFIX}/${pool.userPoolId}`;
    this.clientIds = [people.userPoolClientId, programs.userPoolClientId];

    const output = (name: string, value: string, description: string) =>
      new CfnOutput(this, name, { value, description }).overrideLogicalId(name);
    output('Issuer', this.issuer, 'The identity provider');
    output('UserPoolId', pool.userPoolId, 'Where users are invited');
    output('ClientId', people.userPoolClientId, 'Give this to MCP clients: it is no secret');
    output(
      'ProgramClientId',
      programs.userPoolClientId,
      'For programs on their own; Cognito tells its secret',
    );
    output('LoginDomain', this.#loginUrl, 'Where users sign in, and programs get tokens');
  }

  /**
   * What the pool tells of itself, and that it takes PKCE with S256: it does, and does not say so. MCP clients are to
   * refuse an authorization server that does not.
   * @param issuer from whose address a client has this
   */
  metadata(issuer: string): object {
    return {
      issuer,
      authorization_endpoint: `${this.#loginUrl}/oauth2/authorize`,
      token_endpoint: `${this.#loginUrl}/oauth2/token`,
      revocation_endpoint: `${this.#loginUrl}/oauth2/revoke`,
      userinfo_endpoint: `${this.#loginUrl}/oauth2/userInfo`,
      jwks_uri: `${this.issuer}/.well-known/jwks.json`,
      response_types_supported: ['code'],
      grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    };
  }
}

/** The last part of the stack's ARN. */
function stackGuid(): string {
  return Fn.select(2, Fn.split('/', Aws.STACK_ID));
}

/** @throws Error for what Cognito does not take, or nobody should. */
function checkRedirectUrl(url: string): void {
  const { protocol, hostname, hash } = URL.parse(url) ?? {};
  const isLocal = protocol === 'http:' && hostname === 'localhost';
  if ((protocol === 'https:' || isLocal) && !hash) return;
  throw new Error(
    `redirectUrls: "${url}" is neither https nor http://localhost. Give URLs separated by commas.`,
  );
}
