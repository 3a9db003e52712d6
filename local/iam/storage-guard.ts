/** Authorizes requests to S3, SQS and SNS, and refuses denied ones in the format of each service. */
import { randomUUID } from 'node:crypto';
import type { Iam } from './iam.ts';
import { queueCall, topicCall } from './message-calls.ts';
import { bucketRead, listBucket, type ObjectRequest, objectCalls } from './object-calls.ts';
import { checkPresigned } from './presigned-urls.ts';
import { JSON_ERRORS, type Reason, Refusal } from './refusal.ts';
import type { Call } from './statements.ts';

export interface ErrorResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

type StorageService = 's3' | 'sns' | 'sqs' | 'sts';

interface StorageCall {
  readonly service: StorageService;
  readonly action: string;
}

/** @param request with a parsed body @returns the error response when the request is refused */
export async function refuseStorageCall(
  iam: Iam,
  request: ObjectRequest,
): Promise<ErrorResponse | undefined> {
  const { service, action } = storageCall(request);
  return toErrorResponse(service, async () => {
    await checkPresigned(request, (accessKeyId) => iam.credentialsOf(accessKeyId));
    iam.authorizeRequest(request, () => callsOf(service, action, request));
  });
}

/** Hides a missing object from callers that may not list its bucket. @returns the error response for them */
export async function refuseMissingObject(
  iam: Iam,
  request: ObjectRequest,
): Promise<ErrorResponse | undefined> {
  const bucket = bucketRead(request);
  if (storageCall(request).service !== 's3' || !bucket) return undefined;
  return toErrorResponse('s3', () => iam.authorizeRequest(request, () => [listBucket(bucket)]));
}

/** Detects the service: requests to the root are SQS (JSON) and SNS or STS (forms). All others are S3. */
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
    // Every caller may call GetCallerIdentity.
    case 'sts':
      return [];
  }
}

async function toErrorResponse(
  service: StorageService,
  authorize: () => Promise<void> | void,
): Promise<ErrorResponse | undefined> {
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

/** Error formats: a code in XML, a type in JSON; SQS has both. */
const FORMS: Readonly<Record<StorageService, (refusal: Refusal) => ErrorResponse>> = {
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

function queryError({ reason, message }: Refusal): ErrorResponse {
  return {
    status: 403,
    headers: XML,
    body: `<ErrorResponse><Error><Type>Sender</Type><Code>${SNS_CODES[reason]}</Code><Message>${escapeXml(message)}</Message></Error><RequestId>${randomUUID()}</RequestId></ErrorResponse>`,
  };
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
