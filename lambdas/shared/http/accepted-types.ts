/** Reads the `Accept` header of a request (RFC 9110, section 12.5.1). */

export interface AcceptedTypes {
  /** Whether the client accepts a media type, also by a range such as `application/*`. */
  (type: string): boolean;
  /** Whether the client accepts a media type by its name. */
  names(type: string): boolean;
}

/** @param header null accepts every type */
export function acceptedTypes(header: string | null): AcceptedTypes {
  // A Map: clients choose the names.
  const accepted = new Map((header ?? '').split(',').flatMap(readRange));
  const accepts = (type: string) => {
    if (accepted.size === 0) return true;
    const [group] = type.split('/', 1);
    return accepted.get(type) ?? accepted.get(`${group}/*`) ?? accepted.get('*/*') ?? false;
  };
  return Object.assign(accepts, { names: (type: string) => accepted.get(type) ?? false });
}

/** Returns a range, and whether it is accepted: `q=0` excludes it. */
function readRange(text: string): [string, boolean][] {
  const [range = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  return range ? [[range, !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))]] : [];
}
