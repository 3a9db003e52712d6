/** Prices quantities of AWS's services: one line for each. Receipts and the model of `npm run cost` share it. */
import { PRICES_DATE, type Prices, pricesOf } from './prices.ts';

/** What a line counts, in the order of a receipt: its words, its unit, and the price of one unit. */
const LINES = {
  stepGbSeconds: { what: 'Lambda: function of the steps', unit: 'GB-seconds', price: 'lambdaGbSecond' },
  stepX86GbSeconds: {
    what: 'Lambda: function of the steps, x86_64',
    unit: 'GB-seconds',
    price: 'lambdaX86GbSecond',
  },
  sandboxGbSeconds: { what: 'Lambda: sandbox', unit: 'GB-seconds', price: 'lambdaGbSecond' },
  sharedGbSeconds: { what: 'Lambda: shared functions', unit: 'GB-seconds', price: 'lambdaGbSecond' },
  storageGbSeconds: {
    what: 'Lambda: temporary storage above 512 MB',
    unit: 'GB-seconds',
    price: 'lambdaStorageGbSecond',
  },
  invocations: { what: 'Lambda: invocations', unit: 'requests', price: 'lambdaRequest' },
  transitions: { what: 'Step Functions: state transitions', unit: 'transitions', price: 'transition' },
  writeUnits: { what: 'DynamoDB: writes, indexes included', unit: 'write units', price: 'writeUnit' },
  readUnits: { what: 'DynamoDB: reads', unit: 'read units', price: 'readUnit' },
  s3Writes: { what: 'S3: writes and lists', unit: 'requests', price: 's3Write' },
  s3Reads: { what: 'S3: reads', unit: 'requests', price: 's3Read' },
  s3GbMonths: { what: 'S3: storage of logs, results and files', unit: 'GB-months', price: 's3GbMonth' },
  snsMessages: { what: 'SNS: events', unit: 'messages', price: 'snsMessage' },
  sqsRequests: { what: 'SQS: deliveries', unit: 'requests', price: 'sqsRequest' },
  apiRequests: { what: 'API Gateway: start, answers, reports', unit: 'requests', price: 'apiRequest' },
  transferGb: { what: 'Data out: webhooks', unit: 'GB', price: 'transferGb' },
  logGb: { what: 'CloudWatch: logs of functions', unit: 'GB', price: 'logGb' },
  traces: { what: 'X-Ray: traces', unit: 'traces', price: 'trace' },
} as const satisfies Readonly<Record<string, { what: string; unit: string; price: keyof Prices }>>;

export type Quantities = Partial<Record<keyof typeof LINES, number>>;

export interface ReceiptLine {
  readonly what: string;
  /** Four significant digits. */
  readonly quantity: number;
  readonly unit: string;
  /** US dollars, three significant digits. */
  readonly usd: number;
  /** The record does not have the quantity: it follows from what the record has, and from measured constants. */
  readonly estimated?: true;
}

/** What a job cost: list prices without free tier. */
export interface Receipt {
  /** US dollars, seven decimals. */
  readonly total_usd: number;
  /** Day of the price lists. */
  readonly prices: string;
  /** Region of the prices. It is us-east-1 for a region that the table of prices lacks. */
  readonly region: string;
  readonly lines: readonly ReceiptLine[];
}

/** A line before it is rounded. */
export interface PricedLine extends Omit<ReceiptLine, 'estimated'> {
  readonly name: keyof Quantities;
}

/** @returns a line for each quantity above 0, not rounded, and the region of the prices */
export function priceQuantities(
  quantities: Quantities,
  region: string,
): { readonly lines: readonly PricedLine[]; readonly total: number; readonly region: string } {
  const { prices, region: priced } = pricesOf(region);
  const names = (Object.keys(LINES) as (keyof typeof LINES)[]).filter((name) => (quantities[name] ?? 0) > 0);
  const lines = names.map((name) => {
    const { what, unit, price } = LINES[name];
    const quantity = quantities[name] ?? 0;
    return { name, what, quantity, unit, usd: quantity * prices[price] };
  });
  return { lines, total: lines.reduce((sum, { usd }) => sum + usd, 0), region: priced };
}

/** @param estimated quantities that are estimates */
export function toReceipt(quantities: Quantities, region: string, estimated: ReadonlySet<string>): Receipt {
  const { lines, total, region: priced } = priceQuantities(quantities, region);
  return {
    total_usd: Number(total.toFixed(7)),
    prices: PRICES_DATE,
    region: priced,
    lines: lines.map(({ name, what, quantity, unit, usd }) => ({
      what,
      quantity: significant(quantity, 4),
      unit,
      usd: significant(usd, 3),
      ...(estimated.has(name) && { estimated: true }),
    })),
  };
}

function significant(value: number, digits: number): number {
  return Number(value.toPrecision(digits));
}
