/** The check of a URL that a caller gives, as an error that names the field. */
import { AppError, ErrorCode } from '../errors.ts';
import { type AddressPolicy, AddressRefused, checkHost, checkUrl } from './address-guard.ts';

/**
 * By its spelling alone: where its name leads is found out at each attempt.
 * @returns the URL as it will be called.
 * @throws AppError URL_REFUSED
 */
export function acceptUrl(field: string, url: string, policy: AddressPolicy): string {
  return refusing(field, () => checkUrl(url, policy).href);
}

/** Also by the addresses that its name leads to today. @throws AppError URL_REFUSED */
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
