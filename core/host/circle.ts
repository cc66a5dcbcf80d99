/**
 * Where everybody waits for somebody else there is a circle; follows `blocker` from one who waits until someone comes a
 * second time, and answers those in between.
 */
export function findCircle<T>(waiting: readonly T[], blocker: (one: T) => T | undefined): readonly T[] {
  const path: T[] = []
  let at = waiting[0]
  while (at !== undefined && !path.includes(at)) {
    path.push(at)
    at = blocker(at)
  }
  return at === undefined ? path : path.slice(path.indexOf(at))
}
