import type { OpenListener } from '../host/listeners.ts'
import type { FileIdentity } from '../host/socket-file.ts'

/** What one worker may ask of all others. */
export type Question = 'metrics' | 'health'

/** What the process that keeps the workers says to one of them. Signals say the rest. */
export type ToWorker =
  /** `begin`: the ports of all are open, and nobody needs the rights for that any more. `ping` wants `pong`. */
  | { readonly mailwright: 'reload' | 'begin' | 'ping' }
  /** Another worker wants to know; the answer is to have the same number. */
  | { readonly mailwright: 'asked'; readonly number: number; readonly question: Question }
  /** What the others have answered to the worker's own question. */
  | ({ readonly mailwright: 'gathered'; readonly number: number } & PeerAnswers)

/** What a worker says to it. */
export type FromWorker =
  /** `bound`: its ports are open, and it waits for `begin`; only where the config names a user. */
  | { readonly mailwright: 'bound' | 'pong' }
  /** It listens on a Unix socket, or not any more. */
  | { readonly mailwright: 'shares'; readonly path: string; readonly file: FileIdentity }
  | { readonly mailwright: 'leaves'; readonly path: string }
  | { readonly mailwright: 'ready'; readonly listeners: readonly OpenListener[] }
  /** Why it ends now. */
  | { readonly mailwright: 'failed'; readonly reason: string }
  /** Whether the changed config runs. */
  | { readonly mailwright: 'reloaded'; readonly done: boolean }
  /** A question to all others, with its own answer. */
  | {
      readonly mailwright: 'ask'
      readonly number: number
      readonly question: Question
      readonly own: unknown
    }
  | { readonly mailwright: 'answer'; readonly number: number; readonly answer: unknown }

/** What the other workers say to a question. */
export interface PeerAnswers {
  readonly answers: readonly unknown[]
  /** Workers that serve, and have not answered in time. */
  readonly silent: number
  /** Workers that are being started, or will be. */
  readonly starting: number
}

const fromWorker: readonly string[] = [
  'bound',
  'pong',
  'shares',
  'leaves',
  'ready',
  'failed',
  'reloaded',
  'ask',
  'answer',
]
const toWorker: readonly string[] = ['reload', 'begin', 'ping', 'asked', 'gathered']

/** A message of ours, whatever else is sent between the two. */
export function isFromWorker(message: unknown): message is FromWorker {
  return fromWorker.includes((message as FromWorker | undefined)?.mailwright ?? '')
}

export function isToWorker(message: unknown): message is ToWorker {
  return toWorker.includes((message as ToWorker | undefined)?.mailwright ?? '')
}
