/** Checks a URL from a caller and names the field in the error. */
import { AppError, ErrorCode } from '../errors.ts';
import { type AddressPolicy, AddressRefused, checkHost, checkUrl } from './address-guard.ts';

/**
 * Checks the text of a URL only. Each request checks the addresses of its host.
 * @returns the normalized URL.
 * @throws AppError URL_REFUSED
 */
export function acceptUrl(field: string, url: string, policy: AddressPolicy): string {
  return refusing(field, () => checkUrl(url, policy).href);
}

/**
 * Checks the text of a URL and the current addresses of its host.
 * @returns the normalized URL.
 * @throws AppError URL_REFUSED
 */
export async function acceptHost(field: string, url: string, policy: AddressPolicy): Promise<string> {
  const accepted = new URL(acceptUrl(field, url, policy));
  try {
    await checkHost(accepted, policy);
  } catch (error) {
    throw refused(field, error);
  }
  return accepted.href;
}

function refusing<T>(field: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw refused(field, error);
  }
}

function refused(field: string, error: unknown): unknown {
  return error instanceof AddressRefused
    ? new AppError(ErrorCode.urlRefused, `${field}: ${error.reason}`)
    : error;
}
