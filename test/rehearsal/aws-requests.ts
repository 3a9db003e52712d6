/** Sends requests to services whose SDK clients the project does not depend on, signed as the account's root. */
import { AwsClient } from 'aws4fetch';
import { REGION } from './ministack.ts';

/** Sends a request of the JSON protocol. @param target such as `Logs_20140328.DescribeLogGroups` */
export async function jsonRequest<T>(service: string, target: string, input: object): Promise<T> {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target };
  return JSON.parse(await post(service, headers, JSON.stringify(input))) as T;
}

/** Sends a request of the query protocol to IAM. @returns the XML */
export function iamRequest(Action: string, parameters: Readonly<Record<string, string>>): Promise<string> {
  const body = new URLSearchParams({ Action, Version: '2010-05-08', ...parameters }).toString();
  return post('iam', { 'content-type': 'application/x-www-form-urlencoded' }, body);
}

async function post(
  service: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<string> {
  const { AWS_ENDPOINT_URL = '', AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = process.env;
  const aws = new AwsClient({
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    region: REGION,
    service,
  });
  const response = await aws.fetch(AWS_ENDPOINT_URL, { method: 'POST', headers, body });
  const text = await response.text();
  if (!response.ok) throw new Error(`${service} responded with ${response.status} to ${body}: ${text}`);
  return text;
}
