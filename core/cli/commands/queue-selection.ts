import { canonicalDomain, formatAddress } from '../../model/address/address.ts'
import type { QueueSelection, QueueState } from '../../services/queue.ts'
import { addressArgument, UsageError } from '../context.ts'
import { since } from '../times.ts'
import { given } from './quantities.ts'

type Options = Readonly<Record<string, string | boolean | undefined>>

/** How messages are named without their ids. All that is said has to hold. */
export const selectionOptions: readonly { readonly flags: string; readonly summary: string }[] = [
  {
    flags: '--sender <address>',
    summary: 'of that sender, "<>" for bounces, or of a domain: "@example.org"',
  },
  { flags: '--recipient <address>', summary: 'for whom it waits, or for a domain: "@example.org"' },
  { flags: '--destination <name>', summary: 'where it goes, as "queue stat" names it' },
  { flags: '--state <state>', summary: 'waiting, active, held or reporting' },
  { flags: '--since <when>', summary: 'arrived then or later: a time, or how long ago, such as 2h' },
  { flags: '--before <when>', summary: 'arrived before: a time, or how long ago, such as 2d' },
]

const states: readonly QueueState[] = ['waiting', 'active', 'held', 'reporting']

/** What the options of a command select; `{}` where they say nothing. */
export function selectionOf({ sender, recipient, destination, state, ...times }: Options): QueueSelection {
  const [arrivedSince, arrivedBefore] = [since(times.since), since(times.before)]
  return {
    ...(given(sender) ? { sender: sender === '<>' ? sender : addressOrDomain(sender) } : {}),
    ...(given(recipient) ? { recipient: addressOrDomain(recipient) } : {}),
    ...(given(destination) ? { destination: notEmpty(destination, 'a destination') } : {}),
    ...(given(state) ? { state: stateWord(state) } : {}),
    ...(arrivedSince === undefined ? {} : { arrivedSince }),
    ...(arrivedBefore === undefined ? {} : { arrivedBefore }),
  }
}

/** The ids of a command, each once. One that a script has left empty must not become "all". */
export function idsOf(words: readonly string[]): readonly string[] {
  return [...new Set(words.map((word) => notEmpty(word, 'an id')))]
}

/** A number of things that is at least 1; the default where none is given. */
export function limitOf(value: string | boolean | undefined, usual: number): number {
  if (!given(value)) return usual
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value)
  throw new UsageError(`"${value}" is not a limit such as 100`)
}

function addressOrDomain(word: string): string {
  if (!word.startsWith('@')) return formatAddress(addressArgument(word))
  const domain = canonicalDomain(word.slice(1))
  if (domain !== undefined) return `@${domain}`
  throw new UsageError(`"${word}" is not a domain such as @example.org`)
}

function notEmpty(word: string, what: string): string {
  if (word !== '') return word
  throw new UsageError(`${what} is empty`)
}

function stateWord(word: string): QueueState {
  const state = states.find((each) => each === word)
  if (state !== undefined) return state
  throw new UsageError(`"${word}" is none of ${states.join(', ')}`)
}
