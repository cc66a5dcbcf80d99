import type { Clock } from '../clock.ts'
import { UnavailableError } from '../errors.ts'
import { type FromWorker, isToWorker, type PeerAnswers, type Question } from './messages.ts'

export type { PeerAnswers, Question } from './messages.ts'

/** The other workers, as one of them sees them. */
export interface Peers {
  /**
   * What all others say to a question; `own` is what this one would say itself. MAIL_E_UNAVAILABLE where the process that keeps the
   * workers does not answer.
   */
  ask(question: Question, own: unknown): Promise<PeerAnswers>
}

/** Longer than that process gives the others. */
const patience = 8_000

/** The way from one worker to the others: there is no direct one. */
export interface Channel {
  send(message: FromWorker): void
  /** Calls back at each message. */
  listen(heard: (message: unknown) => void): void
}

/** This process's channel, where it is a worker. */
const workerChannel: Channel = {
  send: (message) => void process.send?.(message),
  listen: (heard) => void process.on('message', heard),
}

/** Makes the peers of a worker. */
export function createPeers(clock: Clock, channel: Channel = workerChannel): Peers {
  const waiting = new Map<number, (answers: PeerAnswers) => void>()
  let number = 0
  channel.listen((message) => {
    if (isToWorker(message) && message.mailwright === 'gathered') waiting.get(message.number)?.(message)
  })
  return {
    async ask(question, own) {
      const asked = ++number
      const { promise, resolve, reject } = Promise.withResolvers<PeerAnswers>()
      waiting.set(asked, resolve)
      const timer = clock.after(patience, () =>
        reject(new UnavailableError('the other workers cannot be asked')),
      )
      try {
        channel.send({ mailwright: 'ask', number: asked, question, own })
        const { answers, silent, starting } = await promise
        return { answers, silent, starting }
      } finally {
        timer.cancel()
        waiting.delete(asked)
      }
    },
  }
}
