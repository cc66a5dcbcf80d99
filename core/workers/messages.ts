import type { OpenListener } from '../host/listeners.ts'

/** What the process that keeps the workers says to one of them. Signals say the rest. */
export interface ToWorker {
  /** `begin`: the ports of all are open, and nobody needs the rights for that any more. */
  readonly mailwright: 'reload' | 'begin'
}

/** What a worker says to it. */
export type FromWorker =
  /** Its ports are open; it waits for `begin`. Only where the config names a user. */
  | { readonly mailwright: 'bound' }
  | { readonly mailwright: 'ready'; readonly listeners: readonly OpenListener[] }
  /** Whether the changed config runs. */
  | { readonly mailwright: 'reloaded'; readonly done: boolean }

/** A message of ours, whatever else is sent between the two. */
export function isFromWorker(message: unknown): message is FromWorker {
  const kind = (message as FromWorker | undefined)?.mailwright
  return kind === 'bound' || kind === 'ready' || kind === 'reloaded'
}

export function isToWorker(message: unknown): message is ToWorker {
  const kind = (message as ToWorker | undefined)?.mailwright
  return kind === 'reload' || kind === 'begin'
}
