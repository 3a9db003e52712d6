/** Sizes as people read them. */

const MIB = 1024 * 1024;

/** "100 MiB", or "1,000 bytes" below one MiB. */
export function formatBytes(bytes: number): string {
  return bytes < MIB
    ? `${bytes.toLocaleString('en')} bytes`
    : `${(bytes / MIB).toLocaleString('en', { maximumFractionDigits: 1 })} MiB`;
}
