/** Refuses the CIMD policies of a template that Amazon Cognito refuses, because user pools do not run locally. */
import type { Template, TemplateResource } from '../template/assembly.ts';

const CIMD_POLICY = 'AWS::Cognito::CIMDPolicy';

/** Amazon Cognito user pools API reference, CreateCIMDPolicy: request parameters. */
const PATTERN = /^https:\/\/[!$-;=@-[\]_a-z~]+$/;
const PATTERN_CHARACTERS = { min: 12, max: 256 };
const PATTERNS = { min: 1, max: 5 };
const NAME = /^[\p{L}\p{M}\p{S}\p{N}\p{P}\p{Z}]{1,32}$/u;
/** A day to a year. */
const CACHE_SECONDS = { min: 86_400, max: 31_556_952 };

type Properties = Readonly<Record<string, unknown>>;

/**
 * References to resources outside of the template are not checked.
 * @throws Error naming the first policy that Cognito refuses, with the value and the remedy
 */
export function checkClientMetadata({ Resources }: Pick<Template, 'Resources'>): void {
  const referred = (reference: unknown, type: string): Properties => {
    const id = String(Object(reference).Ref);
    const resource: TemplateResource | undefined = Object.hasOwn(Resources, id) ? Resources[id] : undefined;
    return (resource?.Type === type && resource.Properties) || {};
  };
  for (const [logicalId, { Type, Properties = {} }] of Object.entries(Resources)) {
    if (Type !== CIMD_POLICY) continue;
    const refusal =
      refusalOf(Properties) ??
      refusalOfClient(referred(Properties.ClientId, 'AWS::Cognito::UserPoolClient')) ??
      refusalOfPool(referred(Properties.UserPoolId, 'AWS::Cognito::UserPool'));
    if (refusal !== undefined) throw new Error(`Cognito refuses ${logicalId}: ${refusal}`);
  }
}

function refusalOf({ PolicyName, URLPatterns, CacheDuration, ...others }: Properties): string | undefined {
  for (const name of ['ClientId', 'UserPoolId']) {
    if (others[name] === undefined) return `${name} is missing. Give it.`;
  }
  if (typeof PolicyName !== 'string' || !NAME.test(PolicyName)) {
    return `PolicyName is ${JSON.stringify(PolicyName)}. Give a name of 1 to 32 characters.`;
  }
  if (!Array.isArray(URLPatterns) || !isWithin(URLPatterns.length, PATTERNS)) {
    return `URLPatterns has ${[URLPatterns ?? []].flat().length} patterns. Give one to five.`;
  }
  const unusable = URLPatterns.find((pattern: unknown) => !isPattern(pattern));
  if (unusable !== undefined) {
    return `URLPatterns contains ${JSON.stringify(unusable)}. Give https URLs of 12 to 256 characters, without a query or a fragment.`;
  }
  if (CacheDuration !== undefined && !isWithin(Number(CacheDuration), CACHE_SECONDS)) {
    return `CacheDuration is ${CacheDuration}. Give 86400 to 31556952 seconds: a day to a year.`;
  }
  return undefined;
}

/** Developer guide, Client ID metadata documents (CIMD): CIMD clients are public, so their app client has no secret. */
function refusalOfClient({ GenerateSecret }: Properties): string | undefined {
  return GenerateSecret === true ? 'its app client has a secret. Give a public app client.' : undefined;
}

/** CreateCIMDPolicy: FeatureUnavailableInTierException. Pools without a plan have Essentials. */
function refusalOfPool({ UserPoolTier }: Properties): string | undefined {
  return UserPoolTier === 'LITE'
    ? 'its user pool has the plan Lite. Choose the plan Essentials or Plus.'
    : undefined;
}

function isPattern(pattern: unknown): boolean {
  return typeof pattern === 'string' && isWithin(pattern.length, PATTERN_CHARACTERS) && PATTERN.test(pattern);
}

function isWithin(value: number, { min, max }: { readonly min: number; readonly max: number }): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
