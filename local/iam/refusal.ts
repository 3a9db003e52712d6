/** Defines refused calls, with AWS's error messages. */
import type { Call } from './statements.ts';

export type Reason = 'bad signature' | 'denied' | 'unknown key' | 'unsigned';

/** A refused request. Each service formats it in its own protocol. */
export class Refusal extends Error {
  readonly reason: Reason;

  constructor(reason: Reason, message: string) {
    super(message);
    this.reason = reason;
  }
}

export type Denial = 'no allow' | 'denied by the role' | 'denied by the resource';

/** @param user the ARN of the session */
export function denied(user: string, call: Call, denial: Denial): Refusal {
  const { action, resource } = inServiceFormat(call);
  const because = {
    'no allow': `because no identity-based policy allows the ${action} action`,
    'denied by the role': 'with an explicit deny in an identity-based policy',
    'denied by the resource': 'with an explicit deny in a resource-based policy',
  }[denial];
  return new Refusal(
    'denied',
    `User: ${user} is not authorized to perform: ${action} on resource: ${resource} ${because}`,
  );
}

/** Formats the action and resource like its service: S3, SNS and SQS differ, and people search the web for these texts. */
function inServiceFormat({ action, resource }: Call): Call {
  if (action.startsWith('s3:')) return { action, resource: `"${resource}"` };
  if (action.startsWith('sns:')) return { action: action.replace('sns', 'SNS'), resource };
  if (action.startsWith('sqs:')) return { action: action.toLowerCase(), resource };
  return { action, resource };
}

export function unknownKey(): Refusal {
  return new Refusal('unknown key', 'The security token included in the request is invalid.');
}

export function unsigned(): Refusal {
  return new Refusal('unsigned', 'Request is missing Authentication Token');
}

export function badSignature(): Refusal {
  return new Refusal(
    'bad signature',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  );
}

/** Refuses an expired presigned URL. */
export function expired(): Refusal {
  return new Refusal('denied', 'Request has expired');
}

/** Refuses a presigned URL with unsigned AWS headers: they would change the request. */
export function headersNotSigned(names: readonly string[]): Refusal {
  return new Refusal(
    'denied',
    `There were headers present in the request which were not signed: ${names.join(', ')}`,
  );
}

/** Error names of the AWS JSON protocols. */
export const JSON_ERRORS: Readonly<Record<Reason, string>> = {
  'bad signature': 'InvalidSignatureException',
  denied: 'AccessDeniedException',
  'unknown key': 'UnrecognizedClientException',
  unsigned: 'MissingAuthenticationTokenException',
};
