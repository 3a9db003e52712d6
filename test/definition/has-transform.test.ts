/** Tests which schemas count as changing their input. */
import * as z from 'zod';
import { hasTransform } from '../../lambdas/definition/has-transform.ts';

const nested = (type: z.ZodType) => z.object({ list: z.array(z.object({ one: type.optional() })) });
interface Tree {
  readonly children: readonly Tree[];
}
const tree: z.ZodType<Tree> = z.lazy(() => z.object({ children: z.array(tree) }));

test.each([
  ['a stringbool', z.stringbool()],
  ['a codec', z.codec(z.string(), z.number(), { decode: Number, encode: String })],
  ['a pipe', z.string().pipe(z.coerce.number())],
  ['a preprocess', z.preprocess(String, z.string())],
  ['a transform', z.string().transform(Number)],
])('%s changes its input', (_what, type) => {
  expect([hasTransform(type), hasTransform(nested(type))]).toEqual([true, true]);
});

test.each([
  ['an object with defaults', z.object({ one: z.string().default('') })],
  ['a recursive schema', tree],
  ['a union', z.union([z.string(), z.null()])],
  ['a coerced number', z.coerce.number()],
])('%s does not', (_what, type) => {
  expect([hasTransform(type), hasTransform(nested(type))]).toEqual([false, false]);
});
