import { type AttemptItem, attemptItems, type Outcome, type Submission, type Variant } from 'mailwright'
import type { SentOn } from './outcomes/sent-on.ts'
import { expansion, type Reportable } from './reports/reports.ts'
import type { Envelope } from './tables/queued.ts'

/** A submission, by its recipients' routes. */
export interface Offer extends Submission {
  readonly items: readonly AttemptItem[]
  readonly variantOf: ReadonlyMap<AttemptItem, Variant>
  /** What sorting has sent on in the attempt that was made. */
  readonly sentOn?: SentOn
}

/** Something that a sender may want to know of one of them. */
export interface Told extends Reportable {
  readonly item: AttemptItem
  readonly outcome: Exclude<Outcome, { kind: 'deferred' }>
}

export function offerOf(submission: Submission): Offer {
  const variantOf = new Map<AttemptItem, Variant>()
  for (const variant of submission.variants)
    for (const item of attemptItems({ ...submission, variants: [variant] })) variantOf.set(item, variant)
  return { ...submission, items: [...variantOf.keys()], variantOf }
}

/** What holds for a variant. */
export function envelopeOf(
  { transaction }: Submission,
  { reversePath, remoteReversePath }: Variant,
): Envelope {
  return {
    reversePath: reversePath === undefined ? transaction.reversePath : reversePath,
    ...(remoteReversePath === undefined ? {} : { remoteReversePath }),
    parameters: transaction.parameters,
    session: transaction.session.id,
  }
}

/** Those who stand for several others. It is told once, and of no success beyond it. */
export function expansionsOf({ variants, items }: Offer): readonly Told[] {
  const itemOf = new Map(items.map((item) => [item.recipient, item]))
  return variants.flatMap(({ recipients }) =>
    recipients.flatMap(({ forwardPath: recipient, parameters, routes }) => {
      const item = itemOf.get(recipient)
      const told = routes.length > 1 ? expansion({ recipient, parameters }) : undefined
      return item === undefined || told === undefined ? [] : { ...told, item }
    }),
  )
}
