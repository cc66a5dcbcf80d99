/** What comes in groups, one by one, with no more ado where it is there than a promise needs. */
export function oneByOne<T>(groups: AsyncGenerator<readonly T[]>): AsyncIterableIterator<T> {
  let group: readonly T[] = []
  let at = 0
  const advance = async (): Promise<IteratorResult<T>> => {
    for (;;) {
      if (at < group.length) return { done: false, value: group[at++] as T }
      const next = await groups.next()
      if (next.done === true) return { done: true, value: undefined }
      group = next.value
      at = 0
    }
  }
  return {
    next: () => (at < group.length ? Promise.resolve({ done: false, value: group[at++] as T }) : advance()),
    async return() {
      group = []
      await groups.return(undefined)
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
