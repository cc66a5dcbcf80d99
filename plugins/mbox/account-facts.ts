import type { SpecialUse } from 'mailwright'
import type { AccountFacts } from './account-file.ts'
import { isWithin } from './mailbox-name.ts'

/** Facts with a name subscribed to, or not. */
export function withSubscription(facts: AccountFacts, name: string, subscribed: boolean): AccountFacts {
  if (facts.subscriptions.includes(name) === subscribed) return facts
  const others = facts.subscriptions.filter((each) => each !== name)
  return { ...facts, subscriptions: (subscribed ? [...others, name] : others).sort() }
}

/** Facts with what a mailbox is for; whichever had that use before has none then. */
export function withUse(facts: AccountFacts, name: string, use: SpecialUse | undefined): AccountFacts {
  const uses = new Map([...facts.uses].filter(([mailbox, each]) => mailbox !== name && each !== use))
  if (use !== undefined) uses.set(name, use)
  return { ...facts, uses }
}

/** Facts without a mailbox. Whoever is subscribed to it stays so (RFC 9051 §6.3.7). */
export function withoutMailbox(facts: AccountFacts, name: string): AccountFacts {
  if (!facts.uses.has(name) && !facts.annotations.has(name)) return facts
  return renamed(facts, (mailbox) => (mailbox === name ? undefined : mailbox))
}

/** Facts with a mailbox and those below it under other names. */
export function withMailboxRenamed(facts: AccountFacts, from: string, to: string): AccountFacts {
  const names = [...facts.uses.keys(), ...facts.annotations.keys()]
  if (!names.some((name) => isWithin(name, from))) return facts
  return renamed(facts, (name) => (isWithin(name, from) ? to + name.slice(from.length) : name))
}

function renamed(facts: AccountFacts, rename: (name: string) => string | undefined): AccountFacts {
  const all = <T>(map: ReadonlyMap<string, T>): ReadonlyMap<string, T> =>
    new Map(
      [...map].flatMap(([name, value]) => {
        const after = rename(name)
        return after === undefined ? [] : [[after, value] as const]
      }),
    )
  return { ...facts, uses: all(facts.uses), annotations: all(facts.annotations) }
}
