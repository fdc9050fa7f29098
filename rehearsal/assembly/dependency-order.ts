/**
 * The names in an order in which each comes after those it depends on; otherwise as given, so that one input has one
 * order. A circle is the error that `circular` makes of it.
 */
export function inOrderOfDependencies(
  names: readonly string[],
  dependencies: (name: string) => readonly string[],
  circular: (cycle: string[]) => Error,
): string[] {
  const order: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (name: string): void => {
    if (done.has(name)) return;
    const start = path.indexOf(name);
    if (start >= 0) throw circular([...path.slice(start), name]);
    path.push(name);
    for (const dependency of dependencies(name)) visit(dependency);
    path.pop();
    done.add(name);
    order.push(name);
  };
  for (const name of names) visit(name);
  return order;
}
