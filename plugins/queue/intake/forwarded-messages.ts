import type { Attempt, AttemptItem } from 'mailwright'
import { withVariants } from '../tables/queued.ts'
import type { NewMessage } from './intake.ts'

/** What sorting sends on is a message of its own for each variant and reverse-path, with the same id. */
export function forwardedMessages(
  { id, session, reversePath, parameters = {} }: Omit<Attempt, 'items' | 'atomic' | 'signal'>,
  items: readonly AttemptItem[],
  now: number,
): readonly NewMessage[] {
  const groups = Map.groupBy(items, (item) => item.message)
  return [...groups].flatMap(([message, own]) =>
    [...Map.groupBy(own, (item) => JSON.stringify(item.reversePath ?? reversePath)).values()].map((same) => {
      const [first] = same
      return {
        id,
        envelope: {
          reversePath: first?.reversePath === undefined ? reversePath : first.reversePath,
          parameters,
          ...(session === undefined ? {} : { session }),
        },
        arrivedAt: now,
        content: message.content,
        recipients: withVariants(
          same.map(({ recipient, parameters: own = {}, route }) => ({
            recipient,
            parameters: own,
            target: route.address,
            route,
          })),
        ).map((delivery) => ({ delivery })),
      }
    }),
  )
}
