/** Sizes as people read them. */

const MIB = 1024 * 1024;

/** "100 MiB", or "1,000 bytes" below one MiB. */
export function formatBytes(bytes: number): string {
  return bytes < MIB
    ? `${withCommas(bytes)} bytes`
    : `${withCommas(Math.round((bytes / MIB) * 10) / 10)} MiB`;
}

/** Definitions say sizes as they are loaded: `Intl`, which would write them too, takes 14 ms of each cold start. */
function withCommas(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}
