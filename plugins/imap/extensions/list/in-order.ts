/**
 * Runs work on items, some at a time, and yields the results in the order of the items. Rejects as the first of them
 * does, in that order.
 */
export async function* inOrder<Item, Result>(
  items: Iterable<Item>,
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const running: Promise<Result>[] = []
  for (const item of items) {
    const oldest = running.length < atOnce ? undefined : running.shift()
    if (oldest !== undefined) yield await oldest
    const started = work(item)
    // Its failure is told when its turn comes, or never where an earlier one has failed.
    started.catch(() => undefined)
    running.push(started)
  }
  for (const started of running) yield await started
}
