/** One who waits until somebody says that there may be something. */
export class Sleeper {
  #wake: (() => void) | undefined

  woken(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    return promise
  }

  wake(): void {
    this.#wake?.()
  }
}
