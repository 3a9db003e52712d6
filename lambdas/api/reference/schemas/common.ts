/** Describes values that many responses have. */
import * as z from 'zod';
import { ErrorCode } from '../../../shared/errors.ts';
import { STATUSES } from '../../response.ts';

export const time = z.string().meta({
  id: 'Time',
  format: 'date-time',
  description: 'ISO 8601 in UTC, with milliseconds.',
  examples: ['2026-01-01T12:00:00.000Z'],
});

export const url = z.string().meta({ format: 'uri' });

export const sha256 = z.string().meta({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256, in hexadecimal.' });

export const bytes = z.int().min(0).describe('Bytes.');

export const nextCursor = z
  .string()
  .meta({ id: 'NextCursor', description: 'There may be more: pass it unchanged as `cursor`.' });

export const details = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).meta({
  id: 'Details',
  description: 'Facts for programs, at most 8 KiB: which ones, depends on the code.',
});

const failure = {
  message: z.string().describe('What happened and what to do, for people.'),
  retryable: z.boolean().describe('Whether the same request may succeed later.'),
};

export const errorBody = z
  .strictObject({
    error: z
      .strictObject({
        code: z
          .enum([...Object.keys(STATUSES), ErrorCode.internal].sort())
          .describe('Stable, for programs. The reference of errors lists what each code means.'),
        ...failure,
        details: details.optional(),
      })
      .describe('What went wrong.'),
  })
  .meta({ id: 'Error' });

export const gatewayError = z
  .strictObject({
    error: z
      .strictObject({
        code: z.enum(['AUTHORIZATION_UNAVAILABLE', 'FORBIDDEN', 'NOT_FOUND', 'UNAUTHORIZED']),
        ...failure,
      })
      .describe('What went wrong.'),
  })
  .meta({ id: 'GatewayError', description: "The gateway's own response in deployments with access tokens." });

export const iamError = z
  .looseObject({ message: z.string() })
  .meta({ id: 'IamError', description: "The gateway's own response in deployments with signed requests." });
