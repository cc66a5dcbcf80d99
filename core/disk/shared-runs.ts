interface Queue<T> {
  running: Promise<T> | undefined
  next: Promise<T> | undefined
}

/**
 * Shares runs of one piece of work between all who ask for it at the same time. Who asks while a run is going on gets
 * the run after it: the answer is always of a run that began after the question.
 */
export class SharedRuns<T> {
  readonly #work: (key: string) => Promise<T>
  readonly #queues = new Map<string, Queue<T>>()

  constructor(work: (key: string) => Promise<T>) {
    this.#work = work
  }

  run(key: string): Promise<T> {
    const queue = this.#queues.get(key)
    if (queue?.running === undefined) return this.#start(key)
    queue.next ??= queue.running.then(
      () => this.#start(key),
      () => this.#start(key),
    )
    return queue.next
  }

  #start(key: string): Promise<T> {
    const queue: Queue<T> = { running: undefined, next: undefined }
    this.#queues.set(key, queue)
    queue.running = this.#work(key).finally(() => {
      queue.running = undefined
      if (queue.next === undefined && this.#queues.get(key) === queue) this.#queues.delete(key)
    })
    return queue.running
  }
}
