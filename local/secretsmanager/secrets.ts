/** Runs Secrets Manager: the secrets of the template, with their current and previous values. */
import { randomInt, randomUUID } from 'node:crypto';
import { type Actions, AwsError } from '../shared/aws-json.ts';
import { secretArn } from '../shared/aws-names.ts';
import type { OnFailure } from '../shared/data-files.ts';
import type { Template } from '../template/assembly.ts';
import type { Resolve } from '../template/intrinsics.ts';
import { resourcesOf } from '../template/stack-resources.ts';
import { type Secret, SecretStore, STAGES, type Stage } from './secret-store.ts';

interface SecretProperties {
  readonly SecretString?: string;
  readonly GenerateSecretString?: {
    readonly PasswordLength?: number;
    readonly ExcludePunctuation?: boolean;
  };
}

interface Input {
  /** The ARN or the name. */
  readonly SecretId: string;
  readonly VersionId?: string;
  readonly VersionStage?: string;
  readonly SecretString?: string;
  /** Becomes the version id. The SDK generates it, and repeats it in retries. */
  readonly ClientRequestToken?: string;
}

/** Secrets Manager's default. */
const PASSWORD_LENGTH = 32;
const LETTERS_AND_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';

/**
 * Creates the secrets that do not exist yet.
 * @param file that keeps the secrets; undefined keeps them in memory
 * @throws Error for a property of `GenerateSecretString` that the local cloud does not support
 */
export function secretActions(
  template: Template,
  resolve: Resolve,
  file: string | undefined,
  onFailure: OnFailure,
): Actions<Input> {
  const store = new SecretStore(file, onFailure);
  const secrets = resourcesOf<SecretProperties>(
    template,
    resolve,
    ['AWS::SecretsManager::Secret'],
    ['SecretString', 'GenerateSecretString'],
  );
  for (const [arn, properties] of secrets) {
    const name = nameOf(arn);
    const value = firstValue(name, properties);
    if (!store.get(name)) store.set(name, value === undefined ? {} : { AWSCURRENT: version(value) });
  }

  function existing(name: string): Secret {
    const secret = secrets.has(secretArn(name)) ? store.get(name) : undefined;
    if (!secret) throw notFound(`the secret ${name}`);
    return secret;
  }

  return {
    GetSecretValue({ SecretId, VersionId, VersionStage }) {
      const name = nameOf(SecretId);
      const secret = existing(name);
      const isRequested = (stage: Stage) =>
        VersionId ? secret[stage]?.versionId === VersionId : stage === (VersionStage ?? 'AWSCURRENT');
      const stage = STAGES.find(isRequested);
      const found = stage && secret[stage];
      if (!found) throw notFound(`a value of ${name} for ${VersionId ?? VersionStage ?? 'AWSCURRENT'}`);
      return {
        ...identity(name, found.versionId, stage),
        SecretString: found.secretString,
        // Timestamps in the protocol are seconds.
        CreatedDate: found.createdDate / 1000,
      };
    },

    PutSecretValue({ SecretId, SecretString, ClientRequestToken }) {
      const name = nameOf(SecretId);
      const secret = existing(name);
      if (SecretString === undefined) {
        throw new AwsError('InvalidParameterException', `You must provide a SecretString for ${name}.`);
      }
      const next = version(SecretString, ClientRequestToken);
      const repeated = STAGES.find((stage) => secret[stage]?.versionId === next.versionId);
      if (!repeated) store.set(name, { AWSCURRENT: next, AWSPREVIOUS: secret.AWSCURRENT });
      else if (secret[repeated]?.secretString !== SecretString) {
        throw new AwsError('ResourceExistsException', `${name} has another value under ${next.versionId}.`);
      }
      return identity(name, next.versionId, repeated ?? 'AWSCURRENT');
    },
  };
}

/** Returns the name in an ARN, or the name itself. */
function nameOf(secretId: string): string {
  return secretId.startsWith('arn:') ? secretId.split(':').slice(6).join(':') : secretId;
}

function version(secretString: string, versionId: string = randomUUID()) {
  return { versionId, secretString, createdDate: Date.now() };
}

function identity(name: string, VersionId: string, stage: Stage) {
  return { ARN: secretArn(name), Name: name, VersionId, VersionStages: [stage] };
}

function notFound(what: string): AwsError {
  return new AwsError('ResourceNotFoundException', `Secrets Manager can't find ${what}.`);
}

function firstValue(
  name: string,
  { SecretString, GenerateSecretString }: SecretProperties,
): string | undefined {
  if (!GenerateSecretString) return SecretString;
  const { PasswordLength = PASSWORD_LENGTH, ExcludePunctuation = false, ...unknown } = GenerateSecretString;
  const [property] = Object.keys(unknown);
  if (property) {
    throw new Error(
      `Secret ${name} is generated with ${property}: use PasswordLength and ExcludePunctuation, which the local cloud supports.`,
    );
  }
  const alphabet = ExcludePunctuation ? LETTERS_AND_DIGITS : LETTERS_AND_DIGITS + PUNCTUATION;
  return Array.from({ length: PasswordLength }, () => alphabet[randomInt(alphabet.length)]).join('');
}
