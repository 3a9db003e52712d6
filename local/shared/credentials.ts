/** Defines credentials, and the part of a request that names them. */
import type { IncomingHttpHeaders } from 'node:http';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Part of the credentials of roles. */
  readonly sessionToken?: string;
}

/** Credentials of the developer and of tests, with all permissions. */
export const ADMINISTRATOR: Credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

/** Access key id of deletions by time to live, and their `principalId` in stream records on AWS. */
export const TTL_PRINCIPAL = 'dynamodb.amazonaws.com';

/** The parts of a request that identify its caller. */
export interface SignedRequest {
  readonly url?: string;
  readonly headers: IncomingHttpHeaders;
}
