/** Archives no honest tool makes: raw headers, written one after the other. */
import { gzipSync } from 'node:zlib';
import { Header, type HeaderData } from 'tar';

export interface RawEntry {
  readonly path: string;
  readonly type?: HeaderData['type'];
  readonly linkpath?: string;
  readonly content?: string | Buffer;
  /** What the header says, when that is not the length of the content. */
  readonly size?: number;
  readonly mode?: number;
}

const END_OF_ARCHIVE = Buffer.alloc(1024);

export function rawTar(entries: readonly RawEntry[], end: Buffer = END_OF_ARCHIVE): Buffer {
  return Buffer.concat([...entries.flatMap(blocksOf), end]);
}

export function rawArchive(entries: readonly RawEntry[], end?: Buffer): Buffer {
  // The tests' large files are noise, which no level compresses.
  return gzipSync(rawTar(entries, end), { level: 1 });
}

/** A pax header: the record takes the place of what the next entry's own header says. */
export function paxRecord(key: string, value: string): RawEntry {
  const record = ` ${key}=${value}\n`;
  const digits = String(record.length + 3).length;
  return { path: 'pax', type: 'ExtendedHeader', content: `${record.length + digits}${record}` };
}

function blocksOf({ path, type = 'File', linkpath, content = '', size, mode = 0o644 }: RawEntry): Buffer[] {
  const body = Buffer.from(content);
  const header = new Header({ path, type, linkpath, size: size ?? body.length, mode, mtime: new Date(0) });
  header.encode();
  const padding = Buffer.alloc((512 - (body.length % 512)) % 512);
  return [header.block as Buffer, body, padding];
}
