/** Finds the name that a stack gives to the function and the state machine of an operation. */
import { readAssembly, type Template } from '../../local/template/assembly.ts';

/** @throws Error when the assembly has no such operation */
export async function operationName(assembly: string, operation: string): Promise<string> {
  return nameIn((await readAssembly(assembly)).template, operation);
}

export function nameIn({ Resources }: Template, operation: string): string {
  const pattern = new RegExp(`^\\w[\\w-]{0,5}-[0-9a-f]{8}-${operation}$`);
  const names = Object.values(Resources).map(({ Properties = {} }) => String(Properties.FunctionName));
  const name = names.find((one) => pattern.test(one));
  if (name === undefined) throw new Error(`The assembly has no operation "${operation}".`);
  return name;
}
