/** Describes the headers of requests and responses. */
import type { Header, Parameter } from './route-description.ts';

const text = { type: 'string' };

export const etag: Header = {
  description: 'Identifies this state of the job.',
  required: true,
  schema: { ...text, pattern: '^"\\d+\\.\\d+"$' },
  example: '"1767268800000.3"',
};

export const fileTag: Header = {
  description: 'Identifies this version of the file.',
  required: true,
  schema: { ...text, pattern: '^"[\\w-]+"$' },
};

export const retryAfter: Header = {
  description: 'Seconds to wait before the next request. Absent once the job has ended.',
  schema: { ...text, pattern: '^[1-9]\\d*$' },
  example: '2',
};

export const cacheControl: Header = {
  description: 'Who may keep the response.',
  required: true,
  schema: text,
};

export const referrerPolicy: Header = {
  description: 'The address is a secret, so browsers must not send it to other sites.',
  required: true,
  schema: { const: 'no-referrer' },
};

export const wwwAuthenticate: Header = {
  description:
    'From the gateway, in deployments with access tokens: the scopes of this API, and the address of its metadata (RFC 6750, section 3, and RFC 9728, section 5.1).',
  schema: text,
  example:
    'Bearer scope="jobs:read jobs:write webhooks:manage", resource_metadata="https://…/v1/.well-known/oauth-protected-resource/mcp"',
};

export const ifNoneMatch: Parameter = {
  name: 'If-None-Match',
  in: 'header',
  description: 'The tags that the caller has, or `*`. When one of them matches, the response is 304.',
  schema: text,
  example: '"1767268800000.3"',
};
