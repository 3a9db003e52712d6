/** Shows what a job cost: a line for each of AWS's services, and the total. */
import type { Receipt } from './job.ts';
import './receipt.css';

export function ReceiptTable({ receipt }: { readonly receipt: Receipt }) {
  const { lines, total_usd, prices, region } = receipt;
  const hasEstimates = lines.some(({ estimated }) => estimated);
  return (
    <div class="receipt">
      <table>
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">Quantity</th>
            <th scope="col">US$</th>
          </tr>
        </thead>
        <tbody>
          {lines.map(({ what, quantity, unit, usd, estimated }) => (
            <tr key={what}>
              <td>{what}</td>
              <td>
                {estimated && '~ '}
                {formatNumber(quantity)} {unit}
              </td>
              <td>{formatUsd(usd)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row" colSpan={2}>
              Total
            </th>
            <td>{formatUsd(total_usd)}</td>
          </tr>
        </tfoot>
      </table>
      <p class="hint">
        List prices of {prices}, {region}; without free tier.{hasEstimates && ' ~ marks an estimate.'}
      </p>
    </div>
  );
}

/** Without exponents. */
function formatNumber(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 4 });
}

/** Seven decimals, as the total has. */
function formatUsd(usd: number): string {
  return usd > 0 && usd < 0.000_000_1 ? '< 0.0000001' : usd.toFixed(7);
}
