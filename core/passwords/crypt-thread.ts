import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { UnavailableError } from '../errors.ts'
import type { CryptAnswer, CryptSettings, CryptTask } from './crypt-task.ts'

/** A thread for hashes that are computed in JavaScript, so that nobody waits for them but who asked. */
export interface CryptThread {
  /** The last field that a hash with these settings has for this secret. UnavailableError where the thread died. */
  compute(secret: Uint8Array, settings: CryptSettings): Promise<string>
}

// The extension is the one that this file has: .ts as it is, .js when it was built.
const ownEntry = new URL(`./crypt-worker${extname(import.meta.url)}`, import.meta.url)

/**
 * The thread is started when it is needed first, and again after it has died; one that is idle does not keep the
 * process alive. Tasks are done one after the other.
 */
export function createCryptThread(entry: URL = ownEntry): CryptThread {
  const waiting = new Map<number, PromiseWithResolvers<string>>()
  let worker: Worker | undefined
  let last = 0

  function start(): Worker {
    const started = new Worker(entry, {
      name: 'mailwright-passwords',
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 64 },
    })
    started.on('message', ({ number, output }: CryptAnswer) => {
      waiting.get(number)?.resolve(output)
      waiting.delete(number)
      if (waiting.size === 0) started.unref()
    })
    let cause: unknown
    started.on('error', (error) => {
      cause = error
    })
    started.on('exit', () => {
      worker = undefined
      for (const { reject } of waiting.values())
        reject(new UnavailableError('the thread for passwords ended', { cause }))
      waiting.clear()
    })
    return started
  }

  return {
    async compute(secret, settings) {
      worker ??= start()
      worker.ref()
      last += 1
      const answer = Promise.withResolvers<string>()
      waiting.set(last, answer)
      // A copy: with a part of a Buffer all octets around it would be sent.
      worker.postMessage({ number: last, secret: Uint8Array.from(secret), settings } satisfies CryptTask)
      return answer.promise
    },
  }
}
