/** Describes views with zod, so that the compiler compares each description with the type that the code returns. */
import * as z from 'zod';

/** A schema for each property of a view, also for the optional ones. */
export type SchemasOf<View> = { readonly [Name in keyof View]-?: z.ZodType<View[Name]> };

/** Returns a schema of a view: `viewOf<EndpointView>()({ … })` does not compile when a property is missing or has another type. */
export function viewOf<View>() {
  return (properties: SchemasOf<View>) => z.strictObject(properties);
}
