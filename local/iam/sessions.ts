/**
 * Identifies callers. Each function and each state machine has its own credentials, and a signed request names them. The
 * signature itself is not verified: a key id with its session token is enough.
 */
import { randomBytes } from 'node:crypto';
import { ACCOUNT } from '../shared/aws-names.ts';
import { ADMINISTRATOR, type Credentials, type SignedRequest, TTL_PRINCIPAL } from '../shared/credentials.ts';
import { unknownKey, unsigned } from './refusal.ts';
import type { Role } from './roles.ts';

const ADMINISTRATORS = [ADMINISTRATOR.accessKeyId, TTL_PRINCIPAL];

/** The role session of a function or a state machine. */
export interface Session {
  readonly role: Role;
  /** `arn:aws:sts::ACCOUNT:assumed-role/ROLE/NAME`, as in AWS's error messages. */
  readonly arn: string;
  readonly credentials: Credentials;
}

/** @param name of the function or the state machine */
export function createSession(role: Role, name: string): Session {
  return {
    role,
    arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${role.name}/${name}`,
    credentials: {
      // Readable, for presigned URLs and logs. It is useless without the random token.
      accessKeyId: `role.${role.name}.${name}`,
      secretAccessKey: randomBytes(20).toString('hex'),
      sessionToken: randomBytes(40).toString('base64url'),
    },
  };
}

/**
 * @param sessions by access key id
 * @returns undefined for an administrator. @throws Refusal for an unsigned request, or an unknown key id
 */
export function callerOf(
  request: SignedRequest,
  sessions: ReadonlyMap<string, Session>,
): Session | undefined {
  const { accessKeyId, sessionToken } = credentialsOf(request);
  if (!accessKeyId) throw unsigned();
  if (ADMINISTRATORS.includes(accessKeyId)) return undefined;
  const session = sessions.get(accessKeyId);
  if (!session || session.credentials.sessionToken !== sessionToken) throw unknownKey();
  return session;
}

/** Reads credentials from the header or a presigned URL: `Credential=KEY/DATE/REGION/SERVICE/aws4_request`. */
function credentialsOf({ url = '/', headers }: SignedRequest): Partial<Credentials> {
  const inHeader = /^AWS4-HMAC-SHA256\s.*?\bCredential=([^/,\s]+)\//.exec(headers.authorization ?? '')?.[1];
  if (inHeader) return { accessKeyId: inHeader, sessionToken: headers['x-amz-security-token']?.toString() };
  const { searchParams } = new URL(url, 'http://localhost');
  return {
    accessKeyId: searchParams.get('X-Amz-Credential')?.split('/')[0],
    sessionToken: searchParams.get('X-Amz-Security-Token') ?? undefined,
  };
}
