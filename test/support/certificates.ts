/** Creates valid and invalid X.509 certificates (RFC 5280). Node can sign but not encode them, so the DER is hand-made. */
import { generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';

export interface Certificate {
  /** PEM. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
}

export interface CertificateOptions {
  /** The subject's host names and addresses; only IPv4. */
  readonly hosts: readonly string[];
  /** @default yesterday */
  readonly notBefore?: Date;
  /** @default tomorrow */
  readonly notAfter?: Date;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** A certificate authority that no system trusts by default. */
export class Authority {
  readonly #name: Buffer;
  readonly #privateKey: KeyObject;
  /** PEM. */
  readonly cert: string;

  constructor(name: string) {
    const { privateKey, publicKey } = keyPair();
    this.#name = commonName(name);
    this.#privateKey = privateKey;
    const isAuthority = extension('551d13', der(0x30, der(0x01, Buffer.of(0xff))));
    this.cert = this.#certify(this.#name, publicKey, isAuthority, daysAhead(-1), daysAhead(1));
  }

  issue({ hosts, notBefore = daysAhead(-1), notAfter = daysAhead(1) }: CertificateOptions): Certificate {
    const { privateKey, publicKey } = keyPair();
    const names = hosts.map((host) =>
      /^[\d.]+$/.test(host)
        ? der(0x87, Buffer.from(host.split('.').map(Number)))
        : der(0x82, Buffer.from(host)),
    );
    const alternativeNames = extension('551d11', der(0x30, ...names));
    return {
      cert: this.#certify(commonName('receiver'), publicKey, alternativeNames, notBefore, notAfter),
      key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    };
  }

  #certify(
    subject: Buffer,
    publicKey: KeyObject,
    extensions: Buffer,
    notBefore: Date,
    notAfter: Date,
  ): string {
    // ecdsa-with-SHA256
    const algorithm = der(0x30, oid('2a8648ce3d040302'));
    const signed = der(
      0x30,
      // Version 3.
      der(0xa0, der(0x02, Buffer.of(2))),
      der(0x02, Buffer.concat([Buffer.of(1), randomBytes(8)])),
      algorithm,
      this.#name,
      der(0x30, time(notBefore), time(notAfter)),
      subject,
      publicKey.export({ format: 'der', type: 'spki' }),
      der(0xa3, der(0x30, extensions)),
    );
    const signature = sign('sha256', signed, this.#privateKey);
    return new X509Certificate(der(0x30, signed, algorithm, der(0x03, Buffer.of(0), signature))).toString();
  }
}

function keyPair() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function daysAhead(days: number): Date {
  return new Date(Date.now() + days * DAY_MS);
}

/** Encodes one ASN.1 value in DER (X.690): tag, length, content. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

function commonName(name: string): Buffer {
  return der(0x30, der(0x31, der(0x30, oid('550403'), der(0x0c, Buffer.from(name)))));
}

function extension(id: string, value: Buffer): Buffer {
  return der(0x30, oid(id), der(0x04, value));
}

/** GeneralizedTime: 20260101000000Z. */
function time(date: Date): Buffer {
  return der(0x18, Buffer.from(date.toISOString().replace(/\.\d+|[-:T]/g, '')));
}
