import type { Outcome } from '../model/delivery.ts'
import type { AttemptItem } from './flow.ts'
import { parametersForEach } from './several-targets.ts'

/** The mailbox and each address that sorting sends it on to are targets in the recipient's place. */
export function forEach(forwards: readonly AttemptItem[], targets: number): readonly AttemptItem[] {
  return forwards.map((item) => ({ ...item, parameters: parametersForEach(item.parameters ?? {}, targets) }))
}

/** Nothing of it stays here: one other reports what becomes of it, several do not. */
export function sentOn({ length }: readonly AttemptItem[]): Outcome {
  return { kind: 'delivered', text: 'sent on', reached: length > 1 ? 'expanded' : 'passed-on' }
}

/** What is filed here, and what goes to other hosts and handlers. */
export function parted(items: readonly AttemptItem[]): Record<'here' | 'elsewhere', readonly AttemptItem[]> {
  const isHere = ({ route }: AttemptItem): boolean => route.kind === 'account'
  return { here: items.filter(isHere), elsewhere: items.filter((item) => !isHere(item)) }
}
