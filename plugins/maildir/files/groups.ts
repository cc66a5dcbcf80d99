// As many calls as the file system's threads and queue take without a loss; more only take memory.
const groupSize = 16

/** Does something for each item, several at a time; all of a group are over before the next begins or an error is thrown. */
export async function inGroups<T>(items: readonly T[], run: (item: T) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < items.length; from += groupSize) {
    const results = await Promise.allSettled(items.slice(from, from + groupSize).map(run))
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }
}
