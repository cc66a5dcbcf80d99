import type { OpenListener } from '../host/listeners.ts'

/** What the process that keeps the workers says to one of them. Signals say the rest. */
export interface ToWorker {
  readonly mailwright: 'reload'
}

/** What a worker says to it. */
export type FromWorker =
  | { readonly mailwright: 'ready'; readonly listeners: readonly OpenListener[] }
  /** Whether the changed config runs. */
  | { readonly mailwright: 'reloaded'; readonly done: boolean }

/** A message of ours, whatever else is sent between the two. */
export function isFromWorker(message: unknown): message is FromWorker {
  const kind = (message as FromWorker | undefined)?.mailwright
  return kind === 'ready' || kind === 'reloaded'
}

export function isToWorker(message: unknown): message is ToWorker {
  return (message as ToWorker | undefined)?.mailwright === 'reload'
}
