/** Names the IAM users of requests. Signatures are not verified: only the developer reaches loopback. */

/**
 * Returns the name of the IAM user that sends a request.
 * @param accessKey the access key id of a signed request; undefined for an unsigned one, which AWS would refuse
 */
export type UserOf = (accessKey: string | undefined) => string;

/** Names the user after the access key id, to distinguish owners. An unsigned request is `development`. */
export const userOfKey: UserOf = (accessKey = 'development') => accessKey;
