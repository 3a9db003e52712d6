/**
 * Who calls: each function and each state machine has credentials of its own, and a request names them where it is
 * signed. The signature itself is not verified: who has a key id and its session token is believed.
 */
import { randomBytes } from 'node:crypto';
import { ACCOUNT } from '../shared/aws-names.ts';
import { ADMINISTRATOR, type Credentials, type SignedRequest, TTL_PRINCIPAL } from '../shared/credentials.ts';
import { unknownKey, unsigned } from './refusal.ts';
import type { Role } from './roles.ts';

const ADMINISTRATORS = [ADMINISTRATOR.accessKeyId, TTL_PRINCIPAL];

/** A function or a state machine in its role. */
export interface Session {
  readonly role: Role;
  /** `arn:aws:sts::ACCOUNT:assumed-role/ROLE/NAME`: so AWS names it in refusals. */
  readonly arn: string;
  readonly credentials: Credentials;
}

/** @param name of the function or the state machine */
export function createSession(role: Role, name: string): Session {
  return {
    role,
    arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${role.name}/${name}`,
    credentials: {
      // To be read in presigned URLs and in logs. Without the token, which nobody can guess, it is worth nothing.
      accessKeyId: `role.${role.name}.${name}`,
      secretAccessKey: randomBytes(20).toString('hex'),
      sessionToken: randomBytes(40).toString('base64url'),
    },
  };
}

/**
 * @param sessions by access key id
 * @returns undefined for an administrator. @throws Refusal for a request that names nobody, or somebody unknown
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

/** Of the header, or of a presigned URL: `Credential=KEY/DATE/REGION/SERVICE/aws4_request`. */
function credentialsOf({ url = '/', headers }: SignedRequest): Partial<Credentials> {
  const inHeader = /^AWS4-HMAC-SHA256\s.*?\bCredential=([^/,\s]+)\//.exec(headers.authorization ?? '')?.[1];
  if (inHeader) return { accessKeyId: inHeader, sessionToken: headers['x-amz-security-token']?.toString() };
  const { searchParams } = new URL(url, 'http://localhost');
  return {
    accessKeyId: searchParams.get('X-Amz-Credential')?.split('/')[0],
    sessionToken: searchParams.get('X-Amz-Security-Token') ?? undefined,
  };
}
