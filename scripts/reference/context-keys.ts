/** Lists the keys of the CDK context that `readContext` and the sample app read. */

export interface ContextKey {
  /** What to write after `=`. */
  readonly value: string;
  /** The property that the key sets, as `Interface.property`. Its doc comment has the meaning and the default. */
  readonly property?: string;
  /** What the key sets, when that is neither `property` nor the property of its name. */
  readonly sets?: string;
  /** Replaces the meaning of the property. */
  readonly meaning?: string;
  /** Replaces the default of the property. */
  readonly default?: string;
}

export const contextKeys: Readonly<Record<string, ContextKey>> = {
  operations: {
    value: 'names, separated by commas',
    sets: 'the catalogue',
    meaning: 'The samples to deploy. Only the sample app reads it.',
    default: 'all samples that do not lack what they need',
  },
  authorization: {
    value: '`cognito`, `oidc` or `iam`',
    property: 'AsyncOperationsProps.authorization',
    default: '`cognito`',
  },
  redirectUrls: { value: 'URLs, separated by commas', property: 'CognitoAuthorization.redirectUrls' },
  clientMetadataUrls: {
    value: 'URLs, separated by commas; `none` for an empty list',
    property: 'CognitoAuthorization.clientMetadataUrls',
  },
  dynamicRegistration: { value: '`true` or `false`', property: 'CognitoAuthorization.dynamicRegistration' },
  operators: { value: 'ARNs, separated by commas', property: 'IamAuthorization.operators' },
  issuer: { value: 'a URL', property: 'OidcAuthorization.issuer', default: 'required with `oidc`' },
  audience: { value: 'a text', property: 'OidcAuthorization.audience' },
  tenantClaim: { value: 'a name', property: 'OidcAuthorization.tenantClaim' },
  scopePrefix: { value: 'a text', property: 'OidcAuthorization.scopePrefix' },
  consoleClientId: { value: 'an id', property: 'OidcAuthorization.consoleClientId' },
  operatorClaim: { value: 'a name', property: 'OidcAuthorization.operatorClaim' },
  operatorValue: { value: 'a text', property: 'OidcAuthorization.operatorValue' },
  allowLoopbackIssuer: { value: '`true` or `false`', property: 'OidcAuthorization.allowLoopbackIssuer' },
  authorizationExtensions: {
    value: 'names, separated by commas',
    property: 'OidcAuthorization.extensions',
  },
  serverName: { value: 'a name in reverse-DNS form', property: 'ServerOptions.name' },
  serverTitle: { value: 'a text', property: 'ServerOptions.title' },
  serverDescription: { value: 'a text', property: 'ServerOptions.description' },
  serverVersion: { value: 'a version', property: 'ServerOptions.version' },
  serverWebsite: { value: 'a URL', property: 'ServerOptions.websiteUrl' },
  serverCard: { value: '`true` or `false`', property: 'ServerOptions.card' },
  domainName: {
    value: 'a name',
    property: 'DomainChoice.domainName',
    default: 'none: the API has the URL of its stage',
  },
  certificateArn: {
    value: 'an ARN',
    property: 'DomainChoice.certificateArn',
    default: 'required with `domainName`',
  },
  hostedZoneId: { value: 'an id', property: 'DomainChoice.hostedZone' },
  hostedZoneName: {
    value: 'a name',
    sets: '`domain.hostedZone`',
    meaning: 'The name of the zone of `hostedZoneId`. Give both or neither.',
    default: 'none',
  },
  firewall: { value: '`true` or `false`', property: 'AsyncOperationsProps.firewall' },
  firewallRequestsPerFiveMinutes: { value: 'a number', property: 'FirewallChoice.requestsPerFiveMinutes' },
  apiLogs: { value: '`existing-role` or `new-role`', property: 'AsyncOperationsProps.apiLogs' },
  tracing: { value: '`xray`, `none` or the ARN of a layer', property: 'AsyncOperationsProps.tracing' },
  reservedConcurrency: {
    value: '`true` or `false`',
    meaning:
      'Reserves concurrent executions of Lambda, with the default of each function. Set other numbers in code.',
    default: '`false`',
  },
  monitoring: {
    value: '`true` or `false`',
    meaning: 'False turns off all alarms, the dashboard and the saved queries. Set its options in code.',
    default: '`true`',
  },
  alarmEmail: { value: 'an address', property: 'MonitoringOptions.email' },
  monthlyBudget: { value: 'US dollars', property: 'BudgetOptions.monthlyUsd', default: 'no alarm' },
  canary: { value: 'the name of an operation', property: 'CanaryOptions.operation', default: 'no canary' },
  canaryInput: { value: 'a JSON object', property: 'CanaryOptions.input' },
  canarySecretArn: { value: 'an ARN', property: 'CanaryOptions.clientSecretArn' },
  migrateTables: { value: 'names, separated by commas', property: 'AsyncOperationsProps.tables' },
  apiConnections: {
    value: '`name URL ARN`, separated by commas',
    property: 'AsyncOperationsProps.apis',
  },
  kmsKeys: { value: 'ARNs, separated by commas', property: 'AsyncOperationsProps.kmsKeys' },
  stateMachines: {
    value: '`operation=ARN`, separated by commas',
    property: 'AsyncOperationsProps.stateMachines',
  },
  stateMachineTag: {
    value: 'the key of a tag',
    sets: '`stateMachines`',
    meaning:
      'Asks AWS at synthesis for the state machines with this tag. The value of the tag is the name of the operation.',
    default: 'none',
  },
};
