import type { FileCall } from './failing-files.ts'

/** The calls to the file system that are under way. */
export class CallRecord {
  readonly #answers = new Map<Promise<unknown>, FileCall>()

  /** From now until it is answered. */
  add(call: FileCall, answer: Promise<unknown>): void {
    this.#answers.set(answer, call)
    const forget = () => void this.#answers.delete(answer)
    answer.then(forget, forget)
  }

  /** Those below a path, such as `rename /a/b`. */
  below(path: string): readonly string[] {
    return [...this.#answers.values()]
      .filter((call) => call.path.startsWith(path))
      .map((call) => `${call.name} ${call.path}`)
  }

  /** Resolves when all that were begun are answered. */
  async over(): Promise<void> {
    await Promise.allSettled(this.#answers.keys())
  }
}
