/** Which curves are hidden. */

/** Hide or show one; alone means all others the other way, and once more brings all back. */
export function toggled(hidden: ReadonlySet<number>, curve: number, alone: boolean, count: number): ReadonlySet<number> {
  if (!alone) {
    const next = new Set(hidden);
    if (!next.delete(curve)) next.add(curve);
    return next;
  }
  const others = Array.from({ length: count }, (_, index) => index).filter((index) => index !== curve);
  const isAlone = !hidden.has(curve) && others.every((index) => hidden.has(index));
  return isAlone ? new Set() : new Set(others);
}
