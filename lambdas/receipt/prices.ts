/**
 * Lists AWS's prices by region, in US dollars, without free tier, discounts and taxes. They are list prices of the first tier of use.
 * To change one, change it here with its date: docs/guides/cost.md says how.
 */

/**
 * The day of the price lists, ISO 8601. On it the prices of us-east-1 for Lambda, DynamoDB, S3 and data transfer were in AWS's public
 * price list; those of Step Functions, SQS and CloudWatch were confirmed by other copies of 2026. SNS, API Gateway, X-Ray, Secrets
 * Manager, KMS and the other regions are of 2025-10-01 and were not found to have changed.
 */
export const PRICES_DATE = '2026-09-06';

/** What one unit costs in US dollars. */
export interface Prices {
  readonly lambdaGbSecond: number;
  /** On x86_64. */
  readonly lambdaX86GbSecond: number;
  /** Of temporary storage above 512 MB. */
  readonly lambdaStorageGbSecond: number;
  readonly lambdaRequest: number;
  readonly transition: number;
  readonly writeUnit: number;
  readonly readUnit: number;
  /** PUT, COPY and LIST. */
  readonly s3Write: number;
  readonly s3Read: number;
  readonly s3GbMonth: number;
  readonly snsMessage: number;
  readonly sqsRequest: number;
  readonly apiRequest: number;
  readonly logGb: number;
  readonly trace: number;
  /** From AWS to the internet. */
  readonly transferGb: number;
  readonly alarmMonth: number;
  readonly metricMonth: number;
  readonly dashboardMonth: number;
  readonly secretMonth: number;
  /** Of AWS KMS. */
  readonly keyMonth: number;
}

const perMillion = (usd: number) => usd / 1_000_000;
const perThousand = (usd: number) => usd / 1_000;

/** US East (N. Virginia). */
const BASE: Prices = {
  // aws.amazon.com/lambda/pricing
  lambdaGbSecond: 0.0000133334,
  lambdaX86GbSecond: 0.0000166667,
  lambdaStorageGbSecond: 0.0000000309,
  lambdaRequest: perMillion(0.2),
  // aws.amazon.com/step-functions/pricing: Standard workflows, retries included
  transition: perThousand(0.025),
  // aws.amazon.com/dynamodb/pricing/on-demand, since November 2024
  writeUnit: perMillion(0.625),
  readUnit: perMillion(0.125),
  // aws.amazon.com/s3/pricing: S3 Standard
  s3Write: perThousand(0.005),
  s3Read: perThousand(0.0004),
  s3GbMonth: 0.023,
  // aws.amazon.com/sns/pricing and aws.amazon.com/sqs/pricing: standard topics and queues, up to 64 KB
  snsMessage: perMillion(0.5),
  sqsRequest: perMillion(0.4),
  // aws.amazon.com/api-gateway/pricing: REST APIs
  apiRequest: perMillion(3.5),
  // aws.amazon.com/cloudwatch/pricing and aws.amazon.com/xray/pricing
  logGb: 0.5,
  trace: perMillion(5),
  // aws.amazon.com/ec2/pricing/on-demand: data transfer out
  transferGb: 0.09,
  alarmMonth: 0.1,
  metricMonth: 0.3,
  dashboardMonth: 3,
  // aws.amazon.com/secrets-manager/pricing
  secretMonth: 0.4,
  // aws.amazon.com/kms/pricing
  keyMonth: 1,
};

/** Prices that differ from those of us-east-1. All these regions have the same prices of Lambda. */
const REGIONS: Readonly<Record<string, Partial<Prices>>> = {
  'us-east-1': {},
  'us-east-2': {},
  'us-west-2': {},
  'ca-central-1': {
    writeUnit: perMillion(0.6875),
    readUnit: perMillion(0.1375),
    s3Write: perThousand(0.0055),
    s3Read: perThousand(0.00044),
    s3GbMonth: 0.025,
    logGb: 0.55,
  },
  'eu-west-1': {
    writeUnit: perMillion(0.7068),
    readUnit: perMillion(0.1415),
    logGb: 0.57,
  },
  'eu-west-2': {
    writeUnit: perMillion(0.7423),
    readUnit: perMillion(0.1485),
    s3Write: perThousand(0.0053),
    s3Read: perThousand(0.00042),
    s3GbMonth: 0.024,
    logGb: 0.5985,
  },
  'eu-central-1': {
    writeUnit: perMillion(0.7625),
    readUnit: perMillion(0.1525),
    s3Write: perThousand(0.0054),
    s3Read: perThousand(0.00043),
    s3GbMonth: 0.0245,
    apiRequest: perMillion(3.7),
    logGb: 0.63,
  },
  'eu-north-1': {
    writeUnit: perMillion(0.6715),
    readUnit: perMillion(0.1345),
    logGb: 0.5415,
  },
  'ap-northeast-1': {
    writeUnit: perMillion(0.7135),
    readUnit: perMillion(0.1427),
    s3Write: perThousand(0.0047),
    s3Read: perThousand(0.00037),
    s3GbMonth: 0.025,
    apiRequest: perMillion(4.25),
    logGb: 0.76,
    transferGb: 0.114,
  },
  'ap-southeast-1': {
    writeUnit: perMillion(0.7115),
    readUnit: perMillion(0.1425),
    s3GbMonth: 0.025,
    apiRequest: perMillion(4.25),
    logGb: 0.7,
    transferGb: 0.12,
  },
  'ap-southeast-2': {
    writeUnit: perMillion(0.7115),
    readUnit: perMillion(0.1425),
    s3Write: perThousand(0.0055),
    s3Read: perThousand(0.00044),
    s3GbMonth: 0.025,
    logGb: 0.67,
    transferGb: 0.114,
  },
  'ap-south-1': {
    transition: perThousand(0.0285),
    writeUnit: perMillion(0.7115),
    readUnit: perMillion(0.1425),
    s3GbMonth: 0.025,
    logGb: 0.67,
    transferGb: 0.1093,
  },
};

/** The region whose prices stand for those of a region that the table lacks. */
const FALLBACK = 'us-east-1';

/** @returns the prices, and the region that they are of: another one than asked for when the table lacks it */
export function pricesOf(region: string): { readonly prices: Prices; readonly region: string } {
  const found = Object.hasOwn(REGIONS, region) ? region : FALLBACK;
  return { prices: { ...BASE, ...REGIONS[found] }, region: found };
}
