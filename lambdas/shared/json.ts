/** Defines a JSON value: the type of inputs, step results and job results. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
