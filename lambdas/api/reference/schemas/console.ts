/** Describes how a browser signs in. */
import * as z from 'zod';
import { url } from './common.ts';

export const consoleConfig = z
  .union([
    z
      .strictObject({
        mode: z
          .enum(['none', 'iam'])
          .describe(
            '`none`: a local cloud, which needs no credential.\n\n`iam`: callers sign requests, which the console cannot do.',
          ),
      })
      .meta({ title: 'Without a sign-in' }),
    z
      .strictObject({
        mode: z.literal('oidc').describe('The user signs in at an identity provider.'),
        issuer: url.describe('The identity provider.'),
        client_id: z
          .string()
          .describe('The client of the console; absent when the operator has configured none.')
          .optional(),
        scopes: z.array(z.string()).describe('The scopes that the console requests.'),
        operator_scope: z.string().describe('Requested only by a person who signs in as an operator.'),
        resource: url.describe('The `resource` of the token request (RFC 8707).').optional(),
        authorization_server: z
          .record(z.string(), z.unknown())
          .describe(
            "What the console needs of the issuer's metadata (RFC 8414); absent while the issuer is unavailable.",
          )
          .optional(),
      })
      .meta({ title: 'With a sign-in' }),
  ])
  .meta({ id: 'ConsoleConfig', description: 'How the console signs in.' });
