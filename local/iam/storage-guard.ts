/** Lets through to S3, SQS and SNS what the caller may do, and refuses the rest in the words of each. */
import { randomUUID } from 'node:crypto';
import type { Iam } from './iam.ts';
import { queueCall, topicCall } from './message-calls.ts';
import { bucketRead, listBucket, type ObjectRequest, objectCalls } from './object-calls.ts';
import { checkPresigned } from './presigned-urls.ts';
import { JSON_ERRORS, type Reason, Refusal } from './refusal.ts';
import type { Call } from './statements.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

type StorageService = 's3' | 'sns' | 'sqs' | 'sts';

interface StorageCall {
  readonly service: StorageService;
  readonly action: string;
}

/** @param request whose body is parsed @returns the refusal, if it is refused */
export async function refuse(iam: Iam, request: ObjectRequest): Promise<Answer | undefined> {
  const { service, action } = storageCall(request);
  return answering(service, async () => {
    await checkPresigned(request, (accessKeyId) => iam.credentialsOf(accessKeyId));
    iam.authorizeRequest(request, () => callsOf(service, action, request));
  });
}

/** Where there is no such object: a caller who may not list the bucket is not told so. */
export async function refuseAbsent(iam: Iam, request: ObjectRequest): Promise<Answer | undefined> {
  const bucket = bucketRead(request);
  if (storageCall(request).service !== 's3' || !bucket) return undefined;
  return answering('s3', () => iam.authorizeRequest(request, () => [listBucket(bucket)]));
}

/** SQS and SNS are spoken to at the root, in JSON and in forms; all else is S3. */
export function storageCall({ method, url, headers, body }: ObjectRequest): StorageCall {
  const type = headers['content-type'] ?? '';
  if (method === 'POST' && /^\/(\?|$)/.test(url)) {
    if (type.includes('application/x-amz-json-1.0')) {
      return { service: 'sqs', action: String(headers['x-amz-target']).replace('AmazonSQS.', '') };
    }
    const { Action = '' } = Object(body) as { readonly Action?: string };
    return { service: Action === 'GetCallerIdentity' ? 'sts' : 'sns', action: Action };
  }
  return { service: 's3', action: method };
}

function callsOf(service: StorageService, action: string, request: ObjectRequest): Call[] {
  switch (service) {
    case 's3':
      return objectCalls(request);
    case 'sqs':
      return [queueCall(action, Object(request.body))];
    case 'sns':
      return [topicCall(action, Object(request.body))];
    // Everyone may ask who they are.
    case 'sts':
      return [];
  }
}

async function answering(
  service: StorageService,
  authorize: () => Promise<void> | void,
): Promise<Answer | undefined> {
  try {
    await authorize();
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return FORMS[service](error);
    throw error;
  }
}

const XML = { 'content-type': 'application/xml' };
const S3_CODES: Readonly<Record<Reason, string>> = {
  'bad signature': 'SignatureDoesNotMatch',
  denied: 'AccessDenied',
  'unknown key': 'InvalidAccessKeyId',
  unsigned: 'AccessDenied',
};
const SNS_CODES: Readonly<Record<Reason, string>> = {
  'bad signature': 'SignatureDoesNotMatch',
  denied: 'AuthorizationError',
  'unknown key': 'InvalidClientTokenId',
  unsigned: 'MissingAuthenticationToken',
};

/** In queries and forms a client finds what is called a code, in JSON a type; SQS has both. */
const FORMS: Readonly<Record<StorageService, (refusal: Refusal) => Answer>> = {
  s3: ({ reason, message }) => ({
    status: 403,
    headers: XML,
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${S3_CODES[reason]}</Code><Message>${escapeXml(message)}</Message><RequestId>${randomUUID()}</RequestId></Error>`,
  }),
  sqs: ({ reason, message }) => ({
    status: reason === 'denied' ? 403 : 400,
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      ...(reason === 'denied' && { 'x-amzn-query-error': 'AccessDenied;Sender' }),
    },
    body: JSON.stringify({ __type: `com.amazon.coral.service#${JSON_ERRORS[reason]}`, message }),
  }),
  sns: queryError,
  sts: queryError,
};

function queryError({ reason, message }: Refusal): Answer {
  return {
    status: 403,
    headers: XML,
    body: `<ErrorResponse><Error><Type>Sender</Type><Code>${SNS_CODES[reason]}</Code><Message>${escapeXml(message)}</Message></Error><RequestId>${randomUUID()}</RequestId></ErrorResponse>`,
  };
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
