/** What survives `JSON.stringify` and back: the only values that cross a step, a job record or the wire. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
