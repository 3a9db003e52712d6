/** Creates a Cognito user pool with login pages, for users and for programs, when you have no identity provider. */
import { Aws, CfnOutput, CfnResource, Duration, Fn, RemovalPolicy, Validations } from 'aws-cdk-lib';
import {
  AccountRecovery,
  CfnManagedLoginBranding,
  type CfnUserPool,
  type CfnUserPoolClient,
  CfnUserPoolGroup,
  UserPool as CognitoUserPool,
  FeaturePlan,
  ManagedLoginVersion,
  Mfa,
  OAuthScope,
  ResourceServerScope,
  type UserPoolClient,
} from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import { Scope, scopes } from '../../lambdas/shared/caller.ts';
import { CLIENT_METADATA_URLS, checkClientMetadataUrls, PATTERNS_OF_POLICY } from './client-metadata.ts';
import { OPERATORS } from './token-authorization.ts';

export interface UserPoolProps {
  /** Redirect URLs after sign-in. @default `http://localhost:8080/callback` */
  readonly redirectUrls?: readonly string[];
  /** URL patterns of the metadata documents of clients that need no registration. @default CLIENT_METADATA_URLS */
  readonly clientMetadataUrls?: readonly string[];
  /** Whether any program may register a client. @default false */
  readonly dynamicRegistration?: boolean;
}

/** Identifier of the resource server: the first part of its scope names. */
const RESOURCE_SERVER = 'async-operations';

const DESCRIPTIONS: Readonly<Record<Scope, string>> = {
  [Scope.jobsRead]: 'See your jobs',
  [Scope.jobsWrite]: 'Start and cancel jobs',
  [Scope.webhooksManage]: 'Send events of your jobs to webhooks',
  [Scope.jobsOperate]: 'Operate the jobs of all users, for operators',
};

/** The user pool, its clients for people and for programs, and its login domain. */
export class UserPool extends Construct {
  readonly issuer: string;
  /** Ids of the clients whose tokens this API accepts. `addCanary` adds one. */
  readonly clientIds: string[];
  /** Prefix of each scope in tokens. */
  readonly scopePrefix = `${RESOURCE_SERVER}/`;
  /** Id of the client for people. */
  readonly peopleClientId: string;
  readonly #people: CfnUserPoolClient;
  /** Claim with the groups of a user, which only the operator of the pool changes. */
  readonly operatorClaim = 'cognito:groups';
  readonly #loginUrl: string;
  /** What clients without a registered id find in the metadata. */
  readonly #registration: object;
  readonly #pool: CognitoUserPool;
  readonly #programScopes: readonly OAuthScope[];

  constructor(scope: Construct, id: string, props: UserPoolProps) {
    super(scope, id);
    const { redirectUrls = ['http://localhost:8080/callback'] } = props;
    const { clientMetadataUrls = CLIENT_METADATA_URLS, dynamicRegistration = false } = props;
    for (const url of redirectUrls) checkRedirectUrl(url);
    checkClientMetadataUrls(clientMetadataUrls);
    const pool = new CognitoUserPool(this, 'Pool', {
      // By invitation only: there is no sign-up.
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
      // This plan includes the login pages, and tokens for one resource (RFC 8707).
      featurePlan: FeaturePlan.ESSENTIALS,
      deletionProtection: true,
      // Retained after a failed first deployment too: its rollback cannot delete a protected pool.
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const resourceScopes = Object.values(Scope).map(
      (scopeName) => new ResourceServerScope({ scopeName, scopeDescription: DESCRIPTIONS[scopeName] }),
    );
    const resourceServer = pool.addResourceServer('Api', {
      identifier: RESOURCE_SERVER,
      scopes: resourceScopes,
    });
    const domain = pool.addDomain('Domain', {
      // The stack's id makes the prefix unique.
      cognitoDomain: { domainPrefix: `${RESOURCE_SERVER}-${Fn.select(0, Fn.split('-', stackGuid()))}` },
      managedLoginVersion: ManagedLoginVersion.NEWER_MANAGED_LOGIN,
    });
    const scopesOf = (names: readonly string[]) =>
      resourceScopes
        .filter(({ scopeName }) => names.includes(scopeName))
        .map((each) => OAuthScope.resourceServer(resourceServer, each));
    this.#pool = pool;
    this.#programScopes = scopesOf(scopes);
    new CfnUserPoolGroup(this, 'Operators', {
      userPoolId: pool.userPoolId,
      groupName: OPERATORS,
      description:
        'Operators see the jobs of all users without their content, cancel jobs and replay deliveries',
    });
    const people = pool.addClient('People', {
      ...CLIENT_DEFAULTS,
      refreshTokenValidity: Duration.days(30),
      oAuth: {
        flows: { authorizationCodeGrant: true },
        callbackUrls: [...redirectUrls],
        // Every user may request `jobs:operate`. The authorizer removes it from the tokens of users outside of the group.
        scopes: [OAuthScope.OPENID, ...scopesOf(Object.values(Scope))],
      },
    });
    const programs = this.#addProgram('Programs');
    // Without flows, Cognito allows its defaults. The login pages use the flows of their client: `USER_AUTH` covers passwords,
    // SRP and passkeys.
    this.#people = people.node.defaultChild as CfnUserPoolClient;
    this.#people.explicitAuthFlows = ['ALLOW_USER_AUTH', REFRESH];
    new CfnManagedLoginBranding(this, 'Pages', {
      userPoolId: pool.userPoolId,
      clientId: people.userPoolClientId,
      useCognitoProvidedValues: true,
    });
    this.#addMetadataClients(clientMetadataUrls, people);
    if (dynamicRegistration) allowRegistration(pool);
    this.#loginUrl = domain.baseUrl();
    this.#registration = {
      ...(clientMetadataUrls.length > 0 && { client_id_metadata_document_supported: true }),
      ...(dynamicRegistration && { registration_endpoint: `${this.#loginUrl}/oauth2/register` }),
    };
    this.issuer = `https://cognito-idp.${Aws.REGION}.${Aws.URL_SUFFIX}/${pool.userPoolId}`;
    this.peopleClientId = people.userPoolClientId;
    this.clientIds = [people.userPoolClientId, programs.userPoolClientId];

    const output = (name: string, value: string, description: string) =>
      new CfnOutput(this, name, { value, description }).overrideLogicalId(name);
    output('Issuer', this.issuer, 'Issuer of the access tokens');
    output('UserPoolId', pool.userPoolId, 'Invite users to this user pool');
    output('ClientId', people.userPoolClientId, 'Give this id to MCP clients. It is not a secret');
    output(
      'ProgramClientId',
      programs.userPoolClientId,
      'Client id for programs without a user. Read its secret in Cognito',
    );
    output('LoginDomain', this.#loginUrl, 'Users sign in and programs get tokens here');
  }

  /**
   * Lets people sign in to the console, and out of it.
   * @param url of the console. Do not derive it from the stage, which depends on the pool
   */
  addConsole(url: string): void {
    this.#people.callbackUrLs = [...(this.#people.callbackUrLs ?? []), url];
    this.#people.logoutUrLs = [url];
  }

  /**
   * Adds a client for the canary, so that its jobs have an owner of their own. Its tokens are valid for a day: Cognito charges for
   * each.
   */
  addCanary() {
    const { userPoolClientId } = this.#addProgram('Canary', Duration.days(1));
    this.clientIds.push(userPoolClientId);
    return {
      userPoolArn: this.#pool.userPoolArn,
      userPoolId: this.#pool.userPoolId,
      clientId: userPoolClientId,
      tokenEndpoint: `${this.#loginUrl}/oauth2/token`,
    };
  }

  /**
   * Lets clients sign in whose ids are URLs of metadata documents (CIMD). They have the scopes and lifetimes of the client for people.
   * CDK has no class for the policy.
   */
  #addMetadataClients(urls: readonly string[], { userPoolClientId }: UserPoolClient): void {
    for (let first = 0; first < urls.length; first += PATTERNS_OF_POLICY) {
      const number = first / PATTERNS_OF_POLICY + 1;
      const policy = new CfnResource(this, `MetadataClients${number}`, {
        type: 'AWS::Cognito::CIMDPolicy',
        properties: {
          UserPoolId: this.#pool.userPoolId,
          ClientId: userPoolClientId,
          PolicyName: `mcp-clients-${number}`,
          URLPatterns: urls.slice(first, first + PATTERNS_OF_POLICY),
        },
      });
      Validations.of(policy).acknowledge({
        id: 'CloudFormation-Validate::F3006',
        reason: 'The rules of CDK do not know this type yet.',
      });
    }
  }

  #addProgram(id: string, accessTokenValidity = CLIENT_DEFAULTS.accessTokenValidity): UserPoolClient {
    const client = this.#pool.addClient(id, {
      ...CLIENT_DEFAULTS,
      accessTokenValidity,
      generateSecret: true,
      oAuth: { flows: { clientCredentials: true }, scopes: [...this.#programScopes] },
    });
    // Programs need no flows, and Cognito does not accept an empty list.
    (client.node.defaultChild as CfnUserPoolClient).explicitAuthFlows = [REFRESH];
    return client;
  }

  /**
   * Returns the pool's authorization server metadata, with PKCE (S256). Cognito supports PKCE, but its own metadata does not declare
   * it (anthropics/claude-ai-mcp issue 946, 2026-08-28), nor does AWS's documentation say that it does. MCP clients must refuse a
   * server that does not declare it (MCP 2025-11-25, Authorization Code Protection).
   * @param issuer under whose URL clients read this document
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
      ...this.#registration,
    };
  }
}

const REFRESH = 'ALLOW_REFRESH_TOKEN_AUTH';

const CLIENT_DEFAULTS = {
  accessTokenValidity: Duration.hours(1),
  enableTokenRevocation: true,
  preventUserExistenceErrors: true,
};

/**
 * Lets any program register a public client at `/oauth2/register` (RFC 7591), for people alone and without the scope of operators.
 * Registration with an initial access token stays off: nobody here could get one.
 */
function allowRegistration(pool: CognitoUserPool): void {
  // CDK has no property for it. Cognito does not look for these scopes: CreateUserPool has no ScopeDoesNotExistException.
  (pool.node.defaultChild as CfnUserPool).addPropertyOverride('DcrConfiguration', {
    EnableStatus: 'Enabled',
    OpenDcrEnabled: true,
    OpenDcrGrantTypes: ['code'],
    AuthenticatedGrantTypes: [],
    AllowedScopes: scopes.map((scope) => `${RESOURCE_SERVER}/${scope}`),
  });
}

/** The last segment of the stack's ARN. */
function stackGuid(): string {
  return Fn.select(2, Fn.split('/', Aws.STACK_ID));
}

/** @throws Error for a URL that Cognito rejects, or that is not safe */
function checkRedirectUrl(url: string): void {
  const { protocol, hostname, hash } = URL.parse(url) ?? {};
  const isLocal = protocol === 'http:' && hostname === 'localhost';
  if ((protocol === 'https:' || isLocal) && !hash) return;
  throw new Error(
    `redirectUrls contains "${url}", which is neither https nor http://localhost: give URLs separated by commas.`,
  );
}
