/** Finds the page of an execution in the AWS console. */

const HOSTS: Readonly<Record<string, string>> = {
  aws: 'console.aws.amazon.com',
  'aws-cn': 'console.amazonaws.cn',
  'aws-us-gov': 'console.amazonaws-us-gov.com',
};
/** The account of the local cloud, which has no console. */
const LOCAL_ACCOUNT = '000000000000';

/** @returns undefined for an ARN that is not an execution in AWS */
export function executionUrl(arn: string | undefined): string | undefined {
  const [, partition = '', region = '', account] =
    /^arn:([\w-]+):states:([\w-]+):(\d{12}):execution:[\w-]+:[\w-]+$/.exec(arn ?? '') ?? [];
  const host = Object.hasOwn(HOSTS, partition) ? HOSTS[partition] : undefined;
  if (!host || account === LOCAL_ACCOUNT) return undefined;
  return `https://${host}/states/home?region=${region}#/v2/executions/details/${arn}`;
}
