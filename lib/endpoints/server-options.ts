/** Defines and checks how the server introduces itself to clients, and reads that from the CDK context. */

import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Node } from 'constructs';
import type { CardIdentity, ServerIdentity } from '../../lambdas/shared/server-identity.ts';
import { contextText } from '../defaults/context-text.ts';

/**
 * How the server introduces itself: in `serverInfo` when a client connects, on its server card (SEP-2127), and in the catalogs
 * below `/.well-known`.
 * @example
 * ```ts
 * new AsyncOperations(stack, 'Operations', { operations, server: { name: 'com.example/reports', title: 'Reports' } });
 * ```
 */
export interface ServerOptions {
  /**
   * Name in reverse-DNS form with one slash, such as `com.example/reports`: use a domain of yours.
   * @default the host name of the API reversed, and `mcp-async-operations`
   */
  readonly name?: string;
  /** Display name, at most 100 characters and 255 bytes. @default Async Operations */
  readonly title?: string;
  /** What the server does, at most 100 characters and 255 bytes. @default a sentence about durable jobs */
  readonly description?: string;
  /** Version of your server, such as `1.4.0`; no range. @default the version of this package */
  readonly version?: string;
  /** URL of a page about the server, https and at most 255 bytes. @default none */
  readonly websiteUrl?: string;
  /**
   * Publishes the server card at `…/mcp/server-card`, and the catalogs at `/.well-known/ai-catalog.json` and
   * `/.well-known/ard.json`. Anyone may read them. They have the options above and the URL of the endpoint, and nothing of owners,
   * accounts or operations.
   * @default true
   */
  readonly card?: boolean;
}

/** Keys of the CDK context by option. */
const KEYS = {
  name: 'serverName',
  title: 'serverTitle',
  description: 'serverDescription',
  version: 'serverVersion',
  websiteUrl: 'serverWebsite',
} as const satisfies Partial<Record<keyof ServerOptions, string>>;

/** @returns undefined when the CDK context has no such key. @throws Error naming the key, the value and the remedy */
export function readServer(node: Pick<Node, 'tryGetContext'>): ServerOptions | undefined {
  const read = (key: string) => contextText(node, key);
  const texts = Object.entries(KEYS).flatMap(([option, key]) => {
    const value = read(key);
    return value === undefined ? [] : [[option, value]];
  });
  const card = read('serverCard');
  if (card !== undefined && !['true', 'false'].includes(card)) {
    throw new Error(`serverCard is "${card}": give true or false.`);
  }
  if (texts.length === 0 && card === undefined) return undefined;
  return { ...Object.fromEntries(texts), ...(card !== undefined && { card: card === 'true' }) };
}

/** Of each option, in UTF-8: a function's environment has 4,096 bytes for these and all other settings. */
const MAX_BYTES = 255;

const ONE_LINE = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{1,100}$/u;

/** The rules of the schemas of the server card and of `server.json`. */
const RULES: Readonly<Record<keyof typeof KEYS, readonly [pattern: RegExp, remedy: string]>> = {
  name: [
    /^(?=.{3,200}$)[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/,
    'give a reverse-DNS name with one slash, such as com.example/reports',
  ],
  title: [ONE_LINE, 'give 1 to 100 characters, in one line'],
  description: [ONE_LINE, 'give 1 to 100 characters, in one line'],
  version: [/^(?!latest$|.*\.x\b)\w[\w.+-]{0,254}$/, 'give one version, such as 1.4.0'],
  websiteUrl: [/^https:\/\/[^\s"'\\@]+$/, 'give an https URL'],
};

/** @throws Error naming the option, the value and the remedy, for a value that the schema of the card does not allow */
export function checkServer(options: ServerOptions): void {
  for (const [option, [pattern, remedy]] of Object.entries(RULES)) {
    const value = options[option as keyof typeof RULES];
    if (value === undefined) continue;
    const isAllowed = pattern.test(value) && (option !== 'websiteUrl' || URL.canParse(value));
    if (!isAllowed) throw new Error(`server.${option} is "${value}": ${remedy}.`);
    const bytes = Buffer.byteLength(value);
    if (bytes > MAX_BYTES) {
      throw new Error(`server.${option} is "${value}": give at most ${MAX_BYTES} bytes instead of ${bytes}.`);
    }
  }
}

/** Returns the part of the `serverInfo` that differs from its defaults. */
export function identityOf({ name, title, version }: ServerOptions): Partial<ServerIdentity> {
  return {
    ...(name && { name: name.slice(name.indexOf('/') + 1) }),
    ...(title && { title }),
    ...(version && { version }),
  };
}

/** Returns the part of the card that differs from its defaults; null when the card is off. */
export function cardOf({ card = true, ...options }: ServerOptions): Partial<CardIdentity> | null {
  const { name, description, websiteUrl } = options;
  if (!card) return null;
  return {
    ...identityOf(options),
    ...(name && { namespace: name.slice(0, name.indexOf('/')) }),
    ...(description && { description }),
    ...(websiteUrl && { websiteUrl }),
  };
}

/** Sets a variable of a function to what differs from the defaults, if anything does. */
export function addIdentity(fn: LambdaFunction, variable: string, differing: object | null): void {
  const text = JSON.stringify(differing);
  if (text !== '{}') fn.addEnvironment(variable, text);
}
