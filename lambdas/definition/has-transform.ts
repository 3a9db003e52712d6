/** Finds out whether a schema can change its input: it may not accept its own output then. */
import * as z from 'zod';

/** @returns whether the schema contains a transform, a pipe or a codec, such as `z.stringbool()` */
export function hasTransform(schema: z.ZodType): boolean {
  let found = false;
  z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema }) => {
      found ||= ['pipe', 'transform'].includes(zodSchema._zod.def.type);
    },
  });
  return found;
}
