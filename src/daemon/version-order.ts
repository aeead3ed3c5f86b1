/** True if version `a` (`1.2.3`, a suffix such as `-rc.1` is ignored) came before `b`. */
export function isOlder(a: string, b: string): boolean {
  const [left = [], right = []] = [a, b].map((text) => text.split(/[.+-]/).slice(0, 3).map(Number));
  for (const [index, part] of left.entries()) {
    const other = right[index] ?? 0;
    if (part !== other) return part < other;
  }
  return false;
}
