/** Decides whether AWS refuses a request for good: the same request fails again, whenever it is sent. */

/** Statuses that a change of permissions, resources or load can mend. */
const MENDABLE_STATUSES: readonly number[] = [401, 403, 404, 408, 429];
/** The same by name, because DynamoDB and SQS send them with status 400. */
const MENDABLE_NAMES =
  /AuthorizationError|Throttl|Throughput|RequestLimit|TooManyRequests|LimitExceeded|AccessDenied|Expired|Token|Signature|Unrecognized|Unavailable|NotFound|NonExistent|DoesNotExist|Kms|KMS/;

/** Returns whether a change of permissions, resources or load can mend an error of this name. */
export function isMendable(name: string): boolean {
  return MENDABLE_NAMES.test(name);
}

export function isRefusedForGood(error: unknown): boolean {
  const { name = '', $metadata } = Object(error) as {
    readonly name?: string;
    readonly $metadata?: { readonly httpStatusCode?: number };
  };
  const status = $metadata?.httpStatusCode ?? 0;
  return status >= 400 && status < 500 && !MENDABLE_STATUSES.includes(status) && !isMendable(name);
}
