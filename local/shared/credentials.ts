/** Defines credentials, and the part of a request that names them. */
import type { IncomingHttpHeaders } from 'node:http';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Goes with the credentials of roles. */
  readonly sessionToken?: string;
}

/** The developer's own, and those of the tests: they may do everything. */
export const ADMINISTRATOR: Credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

/** Signs what the time to live deletes; it is also how records of AWS name that deleter. */
export const TTL_PRINCIPAL = 'dynamodb.amazonaws.com';

/** A request, as far as it tells who makes it. */
export interface SignedRequest {
  readonly url?: string;
  readonly headers: IncomingHttpHeaders;
}
