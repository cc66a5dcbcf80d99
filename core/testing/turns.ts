/** Turns of the event loop, for what is not awaited; in one, all that is ready gets its turn. */
export async function turns(count = 1): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}
